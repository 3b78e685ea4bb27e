"""The life of pods, Deployments and Services, seen through kubectl."""
import time



from embedded import SCENARIOS, eventually

APP = """
apiVersion: v1
kind: Service
metadata: {name: %(name)s}
spec: {selector: {app: %(name)s}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %(name)s}
spec:
  replicas: %(replicas)d
  selector: {matchLabels: {app: %(name)s}}
  template:
    metadata: {labels: {app: %(name)s}}
    spec:
      containers:
      - name: app
        image: hitless-testapp
        args: [--port=8080]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
"""


def apply(cluster, text):
    return cluster.kubectl("apply", "-f", "-", stdin=text).stdout


def pod(name, **spec):
    import json
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def test_a_deployment_rolls_out_and_answers(cluster):
    assert "deployment.apps/web created" in apply(cluster, APP % {"name": "web", "replicas": 3})
    status = cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s").stdout
    assert "successfully rolled out" in status
    wide = cluster.kubectl("get", "pods", "-l", "app=web", "-o", "wide").stdout
    assert {line.split()[6] for line in wide.splitlines()[1:]} == {"node-1", "node-2", "node-3"}
    names = {cluster.run("curl", "-s", "-m", "5", "http://web.default/").stdout.strip() for _ in range(40)}
    assert len(names) == 3, names


def test_every_node_reaches_the_service(cluster):
    for node in cluster.info["nodes"]:
        assert "web-" in cluster.run("curl", "-s", "-m", "5", "http://web/", node=node).stdout


def test_scale_restart_history_and_undo(cluster):
    cluster.kubectl("scale", "deployment/web", "--replicas=5")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    before = {item["metadata"]["name"] for item in cluster.get("pods", "-l", "app=web")["items"]}
    assert len(before) == 5
    cluster.kubectl("rollout", "restart", "deployment/web")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    eventually(lambda: not before & {item["metadata"]["name"]
                                     for item in cluster.get("pods", "-l", "app=web")["items"]},
               what="the end of the old pods")
    assert "2" in cluster.kubectl("rollout", "history", "deployment/web").stdout.splitlines()[-2].split()[0:1]
    cluster.kubectl("rollout", "undo", "deployment/web")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def test_describe_shows_the_gate(cluster):
    name = cluster.get("pods", "-l", "app=web")["items"][0]["metadata"]["name"]
    described = cluster.kubectl("describe", "pod", name).stdout
    assert "Scheduled" in described and "Started" in described
    cluster.kubectl("delete", "pod", name)
    events = eventually(lambda: [event for event in cluster.get("events")["items"]
                                 if event["involvedObject"]["name"] == name and event["reason"] == "GatePassed"],
                        what="the gate's Event")
    assert "SIGTERM released" in events[0]["message"]


def test_logs_follow_until_the_end(cluster):
    script = "i=0; while [ $i -lt 5 ]; do echo line $i; i=$((i+1)); sleep 0.2; done"
    apply(cluster, pod("talker", restartPolicy="Never",
                       containers=[{"name": "c", "image": "none", "command": ["/bin/sh", "-c", script]}]))
    eventually(lambda: cluster.get("pod", "talker")["status"]["phase"] in ("Running", "Succeeded"))
    followed = cluster.kubectl("logs", "-f", "talker").stdout
    assert followed.splitlines() == [f"line {i}" for i in range(5)]
    assert cluster.kubectl("logs", "talker", "--tail=1").stdout == "line 4\n"


def test_a_pods_resolver_is_the_clusters(cluster):
    service = cluster.get("service", "kube-dns", "-n", "kube-system")
    nodes = {node["status"]["addresses"][0]["address"] for node in cluster.get("nodes")["items"]}
    eventually(lambda: nodes == {
        endpoint["addresses"][0]
        for endpoint in cluster.get("endpointslice", "kube-dns", "-n", "kube-system")["endpoints"]
        if endpoint["conditions"]["ready"]}, what="every node as a server")
    apply(cluster, pod("resolver", restartPolicy="Never", dnsConfig={"options": [{"name": "ndots", "value": "2"}]},
                       containers=[{"name": "c", "image": "none", "command": ["/bin/cat", "/etc/resolv.conf"]}]))
    eventually(lambda: cluster.get("pod", "resolver")["status"]["phase"] == "Succeeded")
    lines = cluster.kubectl("logs", "resolver").stdout.splitlines()
    assert lines[0].startswith("search default.svc.cluster.local svc.cluster.local cluster.local")
    assert lines[1:] == [f"nameserver {service['spec']['clusterIP']}", "options ndots:2"]


def test_a_program_that_does_not_exist_is_explained(cluster):
    apply(cluster, pod("lost", containers=[{"name": "c", "image": "registry.example/no-such-thing:1"}]))
    described = eventually(lambda: (lambda text: text if "ErrImageNeverPull" in text else None)(
        cluster.kubectl("describe", "pod", "lost").stdout))
    assert "no-such-thing" in described
    cluster.kubectl("delete", "pod", "lost", "--grace-period=0", "--force")


def test_a_shell_without_exec_ignores_sigterm(cluster):
    # Process 1 of a pid namespace gets no default signal actions: as in real life, the grace period runs out.
    apply(cluster, pod("deaf", terminationGracePeriodSeconds=2,
                       containers=[{"name": "c", "image": "none", "command": ["/bin/sh", "-c", "sleep 60; true"]}]))
    eventually(lambda: cluster.get("pod", "deaf")["status"]["phase"] == "Running")
    begin = time.monotonic()
    cluster.kubectl("delete", "pod", "deaf")
    assert time.monotonic() - begin >= 1.9


def test_an_own_hook_is_left_alone_and_said_so(cluster):
    apply(cluster, pod("hooked", containers=[{
        "name": "c", "image": "none", "command": ["/bin/sleep", "60"],
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/true"]}}}}]))
    made = cluster.get("pod", "hooked")
    assert "exec" in made["spec"]["containers"][0]["lifecycle"]["preStop"]
    eventually(lambda: [event for event in cluster.get("events")["items"]
                        if event["reason"] == "GateNotInjected"], what="the Event about the kept hook")
    cluster.kubectl("delete", "pod", "hooked", "--grace-period=1")


def test_volumes_and_environment(cluster):
    apply(cluster, """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: "green"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: "s3cret"}
---
apiVersion: v1
kind: Pod
metadata: {name: reader}
spec:
  restartPolicy: Never
  volumes:
  - {name: settings, configMap: {name: settings}}
  - {name: scratch, emptyDir: {}}
  containers:
  - name: c
    image: none
    command: [/bin/sh, -c, 'echo "$COLOUR $TOKEN $NAME"; cat /settings/colour; touch /scratch/x && echo " written"']
    env:
    - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    volumeMounts:
    - {name: settings, mountPath: /settings}
    - {name: scratch, mountPath: /scratch}
""")
    eventually(lambda: cluster.get("pod", "reader")["status"]["phase"] == "Succeeded")
    assert cluster.kubectl("logs", "reader").stdout == "green s3cret reader\ngreen written\n"


def test_no_endpoint_is_refused_at_once(cluster):
    apply(cluster, APP % {"name": "empty", "replicas": 0})
    eventually(lambda: cluster.get("service", "empty")["spec"]["clusterIP"])
    begin = time.monotonic()
    done = eventually(lambda: (lambda run: run if run.returncode == 7 else None)(
        cluster.run("curl", "-s", "-m", "5", "http://empty.default/", check=False)))
    assert done.returncode == 7
    assert time.monotonic() - begin < 5


def test_a_killed_agent_comes_back_and_its_rules_stay(cluster):
    import os
    from embedded import cluster_processes
    agents = {pid for pid, line in cluster_processes().items() if " agent " in line and "node-1" in line}
    assert agents
    for pid in agents:
        os.kill(pid, 9)
    assert "web-" in cluster.run("curl", "-s", "-m", "5", "http://web/").stdout
    eventually(lambda: {pid for pid, line in cluster_processes().items() if " agent " in line and "node-1" in line}
               - agents, what="a new agent")


def test_nginx_runs_as_a_pod(cluster):
    cluster.kubectl("create", "namespace", "shop", check=False)
    cluster.kubectl("apply", "-f", "-", stdin="apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    cluster.kubectl("apply", "-n", "shop", "-f", str(SCENARIOS / "nginx/web.yaml"))
    cluster.kubectl("rollout", "status", "-n", "shop", "deployment/web", "--timeout=60s")
    assert cluster.run("curl", "-s", "-m", "5", "http://web.shop/").stdout == "nginx\n"
    cluster.kubectl("delete", "namespace", "shop", "--timeout=60s")
    assert "shop" not in cluster.kubectl("get", "namespaces").stdout

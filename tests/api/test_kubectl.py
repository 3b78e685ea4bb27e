"""Real kubectl, every version that is here, against the API server alone: no controller, no node."""
import json
import time

from manifests import config_map, deployment, pod
from server import eventually


def test_version_and_discovery(kubectl):
    assert json.loads(kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"] == "v1.33.0"
    names = kubectl("api-resources", "-o", "name").split()
    assert {"pods", "deployments.apps", "endpointslices.discovery.k8s.io"} <= set(names)
    assert "apps/v1" in kubectl("api-versions")
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert "running at" in kubectl("cluster-info")


def test_explain(kubectl):
    assert "maxSurge" in kubectl("explain", "deployment.spec.strategy.rollingUpdate")


def test_apply_then_change_then_nothing(kubectl, namespace):
    def apply(replicas):
        return kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(replicas))

    assert "deployment.apps/web created" in apply(2)
    assert "deployment.apps/web configured" in apply(3)
    unchanged = apply(3)
    assert "deployment.apps/web unchanged" in unchanged and "service/web unchanged" in unchanged
    assert kubectl.json("get", "deploy", "web", "-n", namespace)["spec"]["replicas"] == 3


def test_get_prints_tables(kubectl, namespace):
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(2))
    table = kubectl("get", "deploy", "-n", namespace).splitlines()
    assert table[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert table[1].split()[:2] == ["web", "0/2"]
    wide = kubectl("get", "deploy", "-n", namespace, "-o", "wide")
    assert "SELECTOR" in wide and "app=web" in wide
    service = kubectl("get", "svc", "web", "-n", namespace)
    assert "ClusterIP" in service and "10.96." in service and "80/TCP" in service
    assert "apiVersion: apps/v1" in kubectl("get", "deploy", "web", "-n", namespace, "-o", "yaml")
    everything = kubectl("get", "all", "-n", namespace, "-l", "app=web")
    assert "deployment.apps/web" in everything and "service/web" not in everything
    assert "web" in kubectl("get", "svc", "-A", "--field-selector", f"metadata.namespace={namespace}")


def test_get_watch(kubectl, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(config_map("first")))
    watch = kubectl.start("get", "configmaps", "-n", namespace, "-w")
    try:
        assert watch.stdout.readline().split() == ["NAME", "DATA", "AGE"]
        assert watch.stdout.readline().split()[0] == "first"
        kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(config_map("second", a="b")))
        assert watch.stdout.readline().split()[:2] == ["second", "1"]
    finally:
        watch.kill()
        watch.wait()


def test_server_side_apply_and_conflict(kubectl, namespace):
    def apply(replicas, manager, *more, check=True):
        return kubectl.run("apply", "-n", namespace, "--server-side", "--field-manager", manager, *more, "-f",
                           "-", stdin=deployment(replicas), check=check)

    assert "serverside-applied" in apply(2, "one").stdout
    refused = apply(5, "two", check=False)
    assert refused.returncode != 0 and "conflict" in refused.stderr and ".spec.replicas" in refused.stderr
    apply(5, "two", "--force-conflicts")
    live = kubectl.json("get", "deploy", "web", "-n", namespace, "--show-managed-fields")
    assert live["spec"]["replicas"] == 5
    assert {"one", "two"} <= {owner["manager"] for owner in live["metadata"]["managedFields"]}


def test_dry_run_and_diff(kubectl, namespace):
    assert "server dry run" in kubectl("apply", "-n", namespace, "--dry-run=server", "-f", "-",
                                       stdin=deployment(2))
    assert kubectl("get", "deploy", "-n", namespace, "-o", "name") == ""
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(2))
    differs = kubectl.run("diff", "-n", namespace, "-f", "-", stdin=deployment(7), check=False)
    assert differs.returncode == 1, differs.stderr
    assert "+  replicas: 7" in differs.stdout
    same = kubectl.run("diff", "-n", namespace, "-f", "-", stdin=deployment(2), check=False)
    assert same.returncode == 0, same.stdout + same.stderr


def test_label_annotate_patch(kubectl, namespace):
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(2))
    kubectl("label", "deploy", "web", "-n", namespace, "tier=front")
    kubectl("annotate", "deploy", "web", "-n", namespace, "note=x")
    kubectl("patch", "deploy", "web", "-n", namespace, "-p",
            '{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]}}}}')
    kubectl("patch", "deploy", "web", "-n", namespace, "--type=json", "-p",
            '[{"op":"replace","path":"/spec/replicas","value":4}]')
    kubectl("patch", "deploy", "web", "-n", namespace, "--type=merge", "-p", '{"spec":{"minReadySeconds":3}}')
    live = kubectl.json("get", "deploy", "web", "-n", namespace)
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "web:1" and container["env"] == [{"name": "A", "value": "1"}]
    assert (live["spec"]["replicas"], live["spec"]["minReadySeconds"]) == (4, 3)
    assert live["metadata"]["labels"]["tier"] == "front"


def test_scale_set_image_rollout(kubectl, namespace):
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(2))
    kubectl("scale", "deploy/web", "-n", namespace, "--replicas=6")
    kubectl("set", "image", "deploy/web", "-n", namespace, "c=web:2")
    kubectl("rollout", "restart", "deploy/web", "-n", namespace)
    live = kubectl.json("get", "deploy", "web", "-n", namespace)
    assert live["spec"]["replicas"] == 6
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert "kubectl.kubernetes.io/restartedAt" in live["spec"]["template"]["metadata"]["annotations"]
    assert live["metadata"]["generation"] == 4
    assert "deployment.apps/web" in kubectl("rollout", "history", "deploy/web", "-n", namespace)


def test_rollout_status_waits_for_the_status(kubectl, server, namespace):
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(2))
    waiting = kubectl.start("rollout", "status", "deploy/web", "-n", namespace, "--timeout=20s")
    status = {"status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
                         "availableReplicas": 2}}
    code, _ = server.call("PATCH", f"/apis/apps/v1/namespaces/{namespace}/deployments/web/status", status,
                          {"Content-Type": "application/merge-patch+json"})
    assert code == 200
    output, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 0 and "successfully rolled out" in output, output


def test_describe_shows_events(kubectl, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod("p")))
    uid = kubectl.json("get", "pod", "p", "-n", namespace)["metadata"]["uid"]
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "p.1"}, "reason": "Tested",
             "message": "as an event", "type": "Normal", "source": {"component": "test"}, "count": 1,
             "involvedObject": {"kind": "Pod", "name": "p", "namespace": namespace, "uid": uid}}
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(event))
    described = kubectl("describe", "pod", "p", "-n", namespace)
    assert "QoS Class:" in described and "as an event" in described
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(1))
    assert "RollingUpdateStrategy" in kubectl("describe", "deploy", "web", "-n", namespace)
    assert "Tested" in kubectl("get", "events", "-n", namespace)


def test_replace_is_refused_when_stale(kubectl, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(config_map("m", a="1")))
    live = kubectl.json("get", "configmap", "m", "-n", namespace)
    live["data"]["a"] = "2"
    kubectl("replace", "-n", namespace, "-f", "-", stdin=json.dumps(live))
    live["data"]["a"] = "3"
    stale = kubectl.run("replace", "-n", namespace, "-f", "-", stdin=json.dumps(live), check=False)
    assert stale.returncode != 0 and "the object has been modified" in stale.stderr


def test_edit(kubectl, namespace, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/a: one/a: two/' \"$1\"\n")
    editor.chmod(0o755)
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(config_map("m", a="one")))
    kubectl("edit", "configmap", "m", "-n", namespace, environment={"KUBE_EDITOR": str(editor)})
    assert kubectl.json("get", "configmap", "m", "-n", namespace)["data"] == {"a": "two"}


def test_delete_and_wait(kubectl, server, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod("p")))
    path = f"/api/v1/namespaces/{namespace}/pods/p"
    server.call("POST", path + "/binding", {"target": {"name": "n"}})
    waiting = kubectl.start("wait", "--for=delete", "pod/p", "-n", namespace, "--timeout=20s")
    deleting = kubectl.start("delete", "pod", "p", "-n", namespace, "--grace-period=9")
    terminating = eventually(lambda: server.call("GET", path)[1]["metadata"].get("deletionGracePeriodSeconds"))
    assert terminating == 9
    status, _ = server.call("DELETE", path + "?gracePeriodSeconds=0")
    assert status == 200
    for process in (waiting, deleting):
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0, output
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(1))
    assert "deleted" in kubectl("delete", "-n", namespace, "-f", "-", stdin=deployment(1))
    assert "NotFound" in kubectl.run("get", "deploy", "web", "-n", namespace, check=False).stderr


def test_wait_for_condition(kubectl, server, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod("p")))
    waiting = kubectl.start("wait", "--for=condition=Ready", "pod/p", "-n", namespace, "--timeout=20s")
    server.call("PATCH", f"/api/v1/namespaces/{namespace}/pods/p/status",
                {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
                {"Content-Type": "application/strategic-merge-patch+json"})
    output, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 0 and "condition met" in output, output


def test_unknown_fields_are_named(kubectl, namespace):
    wrong = deployment(1).replace("replicas:", "replica:")
    refused = kubectl.run("apply", "-n", namespace, "-f", "-", stdin=wrong, check=False)
    assert refused.returncode != 0 and 'unknown field "spec.replica"' in refused.stderr, refused.stderr
    assert kubectl("get", "deploy", "-n", namespace, "-o", "name") == ""


def test_logs(kubectl, server, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod("p")))
    path = f"/api/v1/namespaces/{namespace}/pods/p"
    server.call("POST", path + "/binding", {"target": {"name": "n"}})
    refused = kubectl.run("logs", "p", "-n", namespace, check=False)
    assert "is waiting to start: ContainerCreating" in refused.stderr
    state = {"status": {"phase": "Running", "containerStatuses": [
        {"name": "c", "image": "web:1", "imageID": "", "ready": True, "restartCount": 0,
         "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}
    merge = {"Content-Type": "application/merge-patch+json"}
    server.call("PATCH", path + "/status", state, merge)
    uid = server.call("GET", path)[1]["metadata"]["uid"]
    log = _log_file(server, namespace, uid)
    log.write("2026-01-01T00:00:00.000000001Z stdout F one\n2026-01-01T00:00:01.000000001Z stdout F two\n")
    log.flush()
    assert kubectl("logs", "p", "-n", namespace) == "one\ntwo\n"
    assert kubectl("logs", "p", "-n", namespace, "--tail=1", "--timestamps") == \
        "2026-01-01T00:00:01.000000001Z two\n"
    follower = kubectl.start("logs", "-f", "p", "-n", namespace)
    assert follower.stdout.readline() == "one\n" and follower.stdout.readline() == "two\n"
    log.write("2026-01-01T00:00:02.000000001Z stderr F three\n")
    log.close()
    assert follower.stdout.readline() == "three\n"
    state["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}
    server.call("PATCH", path + "/status", state, merge)
    assert follower.wait(timeout=10) == 0
    assert 'previous terminated container "c" in pod "p" not found' in \
        kubectl.run("logs", "p", "-n", namespace, "--previous", check=False).stderr


def _log_file(server, namespace, uid):
    import os
    directory = f"{server.directory}/logs/{namespace}_p_{uid}/c"
    os.makedirs(directory)
    return open(f"{directory}/0.log", "w")


def test_drain_evicts(kubectl, server, namespace):
    node = f"node-{namespace}"
    server.call("POST", "/api/v1/nodes", {"metadata": {"name": node}})
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod("p")))
    path = f"/api/v1/namespaces/{namespace}/pods/p"
    server.call("POST", path + "/binding", {"target": {"name": node}})
    draining = kubectl.start("drain", node, "--force", "--ignore-daemonsets")
    eventually(lambda: server.call("GET", path)[1]["metadata"].get("deletionTimestamp"))
    server.call("DELETE", path + "?gracePeriodSeconds=0")
    output, _ = draining.communicate(timeout=30)
    assert draining.returncode == 0, output
    assert "SchedulingDisabled" in kubectl("get", "node", node)
    kubectl("uncordon", node)


def test_two_restarts_are_two_changes(kubectl, namespace):
    kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment(1))
    kubectl("rollout", "restart", "deploy/web", "-n", namespace)
    first = kubectl.json("get", "deploy", "web", "-n", namespace)["metadata"]["generation"]
    # kubectl stamps whole seconds, so the second restart has to fall into a later one.
    second = int(time.time())
    eventually(lambda: int(time.time()) > second)
    kubectl("rollout", "restart", "deploy/web", "-n", namespace)
    assert kubectl.json("get", "deploy", "web", "-n", namespace)["metadata"]["generation"] == first + 1


def test_get_in_chunks(kubectl, server, namespace):
    for number in range(5):
        server.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map(f"m{number}"))
    requests = kubectl.run("get", "configmaps", "-n", namespace, "--chunk-size=2", "-v=8")
    assert [line.split()[0] for line in requests.stdout.splitlines()] == ["NAME", "m0", "m1", "m2", "m3", "m4"]
    assert requests.stderr.count("continue=") >= 2
    assert len(kubectl.json("get", "configmaps", "-n", namespace, "--chunk-size=2")["items"]) == 5


def test_network_policies(kubectl, namespace):
    manifest = json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "db"},
                           "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [
                               {"from": [{"podSelector": {}}], "ports": [{"port": 5432, "protocol": "TCP"}]}]}})
    assert "networkpolicy.networking.k8s.io/db created" in kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest)
    assert "unchanged" in kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest)
    lines = kubectl("get", "netpol", "-n", namespace).splitlines()
    assert lines[0].split() == ["NAME", "POD-SELECTOR", "AGE"] and lines[1].split()[:2] == ["db", "app=db"]
    spec = kubectl.json("get", "netpol", "db", "-n", namespace)["spec"]
    assert spec["policyTypes"] == ["Ingress"] and spec["ingress"][0]["ports"] == [{"port": 5432, "protocol": "TCP"}]
    assert "Allowing ingress traffic" in kubectl("describe", "netpol", "db", "-n", namespace)
    assert "endPort" in kubectl("explain", "networkpolicy.spec.ingress.ports")


INGRESS = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: example}
spec: {controller: example.com/ingress}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: example
  tls: [{hosts: [web.example.com], secretName: web-tls}]
  rules:
    - host: web.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}}
"""


def test_ingresses(kubectl, namespace):
    assert "ingress.networking.k8s.io/web created" in kubectl("apply", "-n", namespace, "-f", "-", stdin=INGRESS)
    assert "ingress.networking.k8s.io/web unchanged" in kubectl("apply", "-n", namespace, "-f", "-", stdin=INGRESS)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    kubectl("patch", "ingress", "web", "-n", namespace, "--subresource=status", "--type=merge", "-p",
            json.dumps(status))
    lines = kubectl("get", "ing", "-n", namespace).splitlines()
    assert lines[0].split() == ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]
    assert lines[1].split()[:6] == ["web", "example", "web.example.com", "192.0.2.7", "80,", "443"]
    assert kubectl("get", "ingressclass").splitlines()[0].split() == ["NAME", "CONTROLLER", "PARAMETERS", "AGE"]
    described = kubectl("describe", "ingress", "web", "-n", namespace)
    assert "web-tls terminates web.example.com" in described
    assert "pathType" in kubectl("explain", "ingress.spec.rules.http.paths")
    refused = kubectl.run("apply", "-n", namespace, "-f", "-",
                          stdin=INGRESS.replace("host: web.example.com", "host: 10.0.0.1"), check=False)
    assert "must be a DNS name, not an IP address" in refused.stderr


GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: example}
spec: {controllerName: example.com/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: outer}
spec:
  gatewayClassName: example
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: outer}]
  hostnames: [web.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: greeter}
spec:
  parentRefs: [{name: outer}]
  rules: [{matches: [{method: {service: helloworld.Greeter}}], backendRefs: [{name: greeter, port: 9090}]}]
"""


def test_gateway_api(kubectl, namespace):
    created = kubectl("apply", "-n", namespace, "-f", "-", stdin=GATEWAY)
    assert "httproute.gateway.networking.k8s.io/web created" in created
    # Custom resources are patched list by list, so defaults in lists look to kubectl like changes; the object stays.
    kubectl("apply", "-n", namespace, "-f", "-", stdin=GATEWAY)
    assert kubectl.json("get", "httproute", "web", "-n", namespace)["metadata"]["generation"] == 1
    changed = GATEWAY.replace("port: 80}]}]", "port: 8080}]}]")
    assert "httproute.gateway.networking.k8s.io/web configured" in kubectl("apply", "-n", namespace, "-f", "-",
                                                                          stdin=changed)
    route = kubectl.json("get", "httproute", "web", "-n", namespace)
    assert route["spec"]["rules"] == [{
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"group": "", "kind": "Service", "name": "web", "port": 8080, "weight": 1}]}]
    assert route["metadata"]["generation"] == 2
    gateway = kubectl("get", "gtw", "-n", namespace).splitlines()
    assert gateway[0].split() == ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "AGE"]
    assert gateway[1].split()[:3] == ["outer", "example", "Unknown"]
    condition = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
                 "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}
    kubectl("patch", "gatewayclass", "example", "--subresource=status", "--type=merge", "-p",
            json.dumps({"status": {"conditions": [condition]}}))
    classes = kubectl("get", "gc").splitlines()
    assert classes[0].split() == ["NAME", "CONTROLLER", "ACCEPTED", "AGE"]
    assert classes[1].split()[:3] == ["example", "example.com/gateway", "True"]
    routes = kubectl("get", "httproutes,grpcroutes", "-n", namespace)
    assert '["web.example.com"]' in routes and "grpcroute.gateway.networking.k8s.io/greeter" in routes
    assert "replacePrefixMatch" in kubectl("explain", "httproute.spec.rules.filters.urlRewrite.path")
    assert "allowedRoutes" in kubectl("explain", "gateway.spec.listeners")
    assert set(kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "-o", "name").split()) == {
        f"{plural}.gateway.networking.k8s.io"
        for plural in ("gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants")}


def test_gateway_api_refuses(kubectl, namespace):
    wrong = GATEWAY.replace("protocol: HTTP}", "protocol: HTTP, tls: {certificateRefs: [{name: s}]}}")
    refused = kubectl.run("apply", "-n", namespace, "-f", "-", stdin=wrong, check=False)
    assert "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']" in refused.stderr
    unknown = GATEWAY.replace("hostnames:", "hosts:")
    refused = kubectl.run("apply", "-n", namespace, "-f", "-", stdin=unknown, check=False)
    assert 'unknown field "spec.hosts"' in refused.stderr

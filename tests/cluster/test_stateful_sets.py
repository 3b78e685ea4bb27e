"""StatefulSets through kubectl: order, names, history, data that stays."""
import json

from embedded import eventually

DB = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 5
      initContainers:
      - name: count
        image: none
        command: [/bin/sh, -c, 'hostname -f >> /data/starts']
        volumeMounts: [{name: data, mountPath: /data}]
      containers:
      - name: app
        image: hitless-testapp
        args: [--port=8080]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
        volumeMounts: [{name: data, mountPath: /data}]
"""


def rollout(cluster, *arguments):
    return cluster.kubectl("rollout", *arguments).stdout


def status(cluster):
    return rollout(cluster, "status", "statefulset/db", "--timeout=60s")


def seen_by_a_pod(cluster, claim, *command):
    """What a command prints in a pod of its own that has the claim at /d."""
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader"},
        "spec": {"restartPolicy": "Never",
                 "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}],
                 "containers": [{"name": "c", "image": "none", "command": list(command),
                                 "volumeMounts": [{"name": "d", "mountPath": "/d"}]}]}}))
    try:
        phase = eventually(lambda: {"Succeeded": "ok", "Failed": "failed"}.get(
            cluster.get("pod", "reader")["status"]["phase"]))
        output = cluster.kubectl("logs", "reader").stdout
        assert phase == "ok", output
        return output.splitlines()
    finally:
        cluster.kubectl("delete", "pod", "reader")


def starts(cluster, name):
    return seen_by_a_pod(cluster, f"data-{name}", "/bin/cat", "/d/starts")


def test_pods_come_in_order_with_lasting_names(cluster):
    cluster.kubectl("apply", "-f", "-", stdin=DB)
    assert "3 new pods" in status(cluster)
    assert cluster.kubectl("get", "sts").stdout.splitlines()[1].split()[:2] == ["db", "3/3"]
    created = [event["message"] for event in cluster.get("events")["items"] if event["reason"] == "SuccessfulCreate"]
    assert created == [f"create Pod db-{i} in StatefulSet db successful" for i in range(3)]
    address = cluster.get("pod", "db-1")["status"]["podIP"]
    until = "until getent hosts db-1.db; do sleep 0.1; done; curl -s -m 5 http://db-2.db:8080/"
    found, answer = seen_by_a_pod(cluster, "any", "/bin/sh", "-c", until)
    assert found.split() == [address, "db-1.db.default.svc.cluster.local"]
    assert answer.startswith("db-2")
    assert starts(cluster, "db-0") == ["db-0.db.default.svc.cluster.local"]


def test_a_rollout_goes_from_the_highest_down_and_finds_its_data(cluster):
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in cluster.get("pods")["items"]}
    rollout(cluster, "restart", "statefulset/db")
    assert "complete" in status(cluster)
    after = {pod["metadata"]["name"]: pod for pod in cluster.get("pods")["items"]}
    assert before.keys() == after.keys()
    assert all(before[name] != pod["metadata"]["uid"] for name, pod in after.items())
    ages = [after[f"db-{i}"]["status"]["startTime"] for i in range(3)]
    assert ages == sorted(ages, reverse=True)
    assert len(starts(cluster, "db-2")) == 2


def test_history_and_undo(cluster):
    history = rollout(cluster, "history", "statefulset/db").splitlines()
    assert [line.split()[0] for line in history[2:] if line] == ["1", "2"]
    assert "hitless-testapp" in rollout(cluster, "history", "statefulset/db", "--revision=1")
    rollout(cluster, "undo", "statefulset/db")
    status(cluster)
    template = cluster.get("sts", "db")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" not in template["metadata"].get("annotations", {})
    revisions = cluster.get("controllerrevisions")["items"]
    assert sorted(revision["revision"] for revision in revisions) == [2, 3]
    assert "statefulset.apps/db" in cluster.kubectl("get", "controllerrevisions").stdout


def test_scaling_and_describe(cluster):
    cluster.kubectl("scale", "sts/db", "--replicas=1")
    eventually(lambda: [pod["metadata"]["name"] for pod in cluster.get("pods")["items"]] == ["db-0"])
    described = cluster.kubectl("describe", "statefulset", "db").stdout
    assert "delete Pod db-1 in StatefulSet db successful" in described
    assert described.index("delete Pod db-2") < described.index("delete Pod db-1")


def test_deletion_takes_pods_and_history_along(cluster):
    cluster.kubectl("delete", "sts", "db", "--timeout=60s")
    eventually(lambda: not cluster.get("pods")["items"] and not cluster.get("controllerrevisions")["items"])

"""kubectl drain, budgets and DaemonSets: what an administrator does to a node."""
import json

from embedded import eventually

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: app
        image: hitless-testapp
        args: [--port=8080]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 2, selector: {matchLabels: {app: shop}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: watcher}
spec:
  selector: {matchLabels: {app: watcher}}
  template:
    metadata: {labels: {app: watcher}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: none, command: [/bin/sleep, "1000"]}]
"""


def pods(cluster, app, node=None):
    items = cluster.get("pods", "-l", f"app={app}")["items"]
    return [pod for pod in items if node is None or pod["spec"].get("nodeName") == node]


def budget(cluster):
    return cluster.get("pdb", "shop")["status"]


def test_a_daemon_runs_on_each_node_and_a_budget_counts(cluster):
    cluster.kubectl("apply", "-f", "-", stdin=SHOP)
    assert "successfully rolled out" in cluster.kubectl("rollout", "status", "ds/watcher", "--timeout=60s").stdout
    cluster.kubectl("rollout", "status", "deployment/shop", "--timeout=60s")
    assert sorted(pod["spec"]["nodeName"] for pod in pods(cluster, "watcher")) == ["node-1", "node-2", "node-3"]
    eventually(lambda: budget(cluster)["disruptionsAllowed"] == 1)
    line = cluster.kubectl("get", "pdb", "shop").stdout.splitlines()[1].split()
    assert line[:4] == ["shop", "2", "N/A", "1"]


def test_drain_keeps_to_the_budget_and_leaves_daemons(cluster):
    node = pods(cluster, "shop")[0]["spec"]["nodeName"]
    refused = cluster.kubectl("drain", node, check=False)
    assert refused.returncode != 0 and "DaemonSet" in refused.stderr
    drained = cluster.kubectl("drain", node, "--ignore-daemonsets", "--timeout=60s").stdout
    assert "evicted" in drained and f"node/{node} drained" in drained
    assert not pods(cluster, "shop", node)
    assert len(pods(cluster, "watcher", node)) == 1
    assert "SchedulingDisabled" in cluster.kubectl("get", "node", node).stdout
    cluster.kubectl("uncordon", node)
    cluster.kubectl("rollout", "status", "deployment/shop", "--timeout=60s")


def test_an_eviction_too_many_is_refused_with_the_reason(cluster):
    cluster.kubectl("patch", "pdb", "shop", "-p", '{"spec":{"minAvailable":3}}')
    eventually(lambda: budget(cluster)["disruptionsAllowed"] == 0 and budget(cluster)["desiredHealthy"] == 3)
    name = pods(cluster, "shop")[0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "default"}}
    answer = cluster.kubectl("create", "--raw", f"/api/v1/namespaces/default/pods/{name}/eviction", "-f", "-",
                             stdin=json.dumps(eviction), check=False)
    assert answer.returncode != 0
    assert "Cannot evict pod as it would violate the pod's disruption budget." in answer.stderr
    # A rollout does not ask the budget.
    cluster.kubectl("rollout", "restart", "deployment/shop")
    cluster.kubectl("rollout", "status", "deployment/shop", "--timeout=60s")


def test_a_daemon_set_rolls_out_and_back(cluster):
    before = {pod["metadata"]["name"] for pod in pods(cluster, "watcher")}
    cluster.kubectl("rollout", "restart", "ds/watcher")
    cluster.kubectl("rollout", "status", "ds/watcher", "--timeout=60s")
    assert not before & {pod["metadata"]["name"] for pod in pods(cluster, "watcher")}
    history = cluster.kubectl("rollout", "history", "ds/watcher").stdout.splitlines()
    assert [line.split()[0] for line in history[2:] if line] == ["1", "2"]
    cluster.kubectl("rollout", "undo", "ds/watcher")
    cluster.kubectl("rollout", "status", "ds/watcher", "--timeout=60s")
    assert "SuccessfulCreate" in cluster.kubectl("describe", "ds", "watcher").stdout

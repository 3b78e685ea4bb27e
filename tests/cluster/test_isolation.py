"""Pods of an embedded node begin only when the node's agent has isolated them."""
import json
import os
import signal

import pytest

from embedded import cluster_processes, eventually


def agent(cluster, node):
    (pid,) = [pid for pid, line in cluster_processes().items()
              if " agent " in line and f"--node-name={node} " in line and cluster.info["stateDir"] in line]
    return pid


def make(cluster, name, node="node-1"):
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": [
            {"name": "c", "image": "none", "command": ["/usr/bin/python3", "-m", "http.server", "8080"]}]}}))


def running(cluster, name):
    pod = cluster.get("pod", name)
    return pod["status"].get("podIP") if pod["status"]["phase"] == "Running" else None


def serves(cluster, address):
    done = cluster.run("curl", "-s", "-m", "5", "-o", "/dev/null", f"http://{address}:8080/", check=False, node="node-2")
    return done.returncode == 0


def interfaces(cluster, node="node-1"):
    """The pods' interfaces on the node: whether each is up."""
    links = json.loads(cluster.run("ip", "-j", "link", "show", node=node).stdout)
    return {link["ifname"]: "UP" in link["flags"] for link in links if link["ifname"].startswith("hl")}


@pytest.fixture
def earlier(cluster):
    make(cluster, "earlier")
    yield eventually(lambda: running(cluster, "earlier"), what="pod earlier running")
    cluster.kubectl("delete", "pod", "--all", "--force", "--grace-period=0")
    eventually(lambda: not interfaces(cluster), what="the end of all pods")


def test_a_pod_has_no_network_and_no_process_before_the_agent_has_answered(cluster, earlier):
    stopped = agent(cluster, "node-1")
    os.kill(stopped, signal.SIGSTOP)
    try:
        before = interfaces(cluster)
        assert list(before.values()) == [True]
        make(cluster, "late")
        eventually(lambda: len(interfaces(cluster)) == 2, what="the interface of pod late")
        assert sorted(interfaces(cluster).values()) == [False, True], "it is down until the agent answers"
        assert serves(cluster, earlier), "pods that run go on"
        failed = eventually(lambda: [event["message"] for event in cluster.get("events")["items"]
                                     if event["involvedObject"]["name"] == "late"
                                     and event["reason"] == "FailedCreatePodSandBox"], what="an Event")[0]
        assert "no answer from the node's hitless agent within 10000 ms" in failed and "agents/node-1.sock" in failed
        status = cluster.get("pod", "late")["status"]
        assert status["phase"] == "Pending" and not status.get("podIP")
        make(cluster, "elsewhere", "node-3")
        eventually(lambda: running(cluster, "elsewhere"), what="a pod of another node")
    finally:
        os.kill(stopped, signal.SIGCONT)
    late = eventually(lambda: running(cluster, "late"), what="pod late running")
    eventually(lambda: serves(cluster, late), what="an answer from pod late")


def test_a_pod_waits_for_an_agent_that_is_killed(cluster, earlier):
    os.kill(agent(cluster, "node-1"), signal.SIGKILL)
    make(cluster, "next")
    address = eventually(lambda: running(cluster, "next"), what="pod next running")
    eventually(lambda: serves(cluster, address), what="an answer from pod next")
    assert serves(cluster, earlier)
    assert not [event for event in cluster.get("events")["items"]
                if event["involvedObject"]["name"] == "next" and event["reason"] == "FailedCreatePodSandBox"]


def test_a_pod_that_is_deleted_while_it_waits_leaves_nothing(cluster, earlier):
    stopped = agent(cluster, "node-1")
    os.kill(stopped, signal.SIGSTOP)
    try:
        make(cluster, "brief")
        eventually(lambda: len(interfaces(cluster)) == 2, what="the interface of pod brief")
        cluster.kubectl("delete", "pod", "brief", "--wait=false")
    finally:
        os.kill(stopped, signal.SIGCONT)
    eventually(lambda: len(interfaces(cluster)) == 1, what="the end of pod brief")
    assert cluster.kubectl("get", "pod", "brief", check=False).returncode != 0
    assert running(cluster, "earlier")

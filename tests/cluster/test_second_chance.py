"""A node whose agent hangs, while a pod of another node ends."""
import json
import os
import signal
import subprocess

import pytest

from embedded import HITLESS, cluster_processes, eventually

# On one connection each: who answers, first at once and then again at each line of the input.
CLIENT = r"""
import http.client, sys
connections = [http.client.HTTPConnection(sys.argv[1], 80, timeout=10) for _ in range(int(sys.argv[2]))]
def ask():
    for connection in connections:
        connection.auto_open = 0
        connection.request("GET", "/")
        yield connection.getresponse().read().decode().strip()
for connection in connections:
    connection.connect()
print(*sorted(set(ask())), flush=True)
for line in sys.stdin:
    print(*sorted(set(ask())), flush=True)
"""


@pytest.fixture
def web(cluster):
    """A Service of two pods, on node-1 and node-2; its cluster IP."""
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"web-{i}", "labels": {"app": "web"}},
             "spec": {"nodeName": f"node-{i}", "terminationGracePeriodSeconds": 4,
                      "containers": [{"name": "c", "image": "hitless-testapp", "args": ["--port=8080"],
                                      "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080},
                                                         "periodSeconds": 1}}]}} for i in (1, 2)]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
               "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List",
                                                          "items": [service, *pods]}))
    address = cluster.get("service", "web")["spec"]["clusterIP"]
    eventually(lambda: answers(cluster, address, 20) == {"web-1", "web-2"}, what="answers of both pods")
    return address


def client(cluster, address, connections):
    return subprocess.Popen(cluster.prefix + [HITLESS, "run", "--node", "node-3", "--", "python3", "-c", CLIENT,
                                              address, str(connections)], env=cluster.environment, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def answers(cluster, address, connections=50):
    """Who answers on node-3 on so many new connections, every one of which must be made."""
    output, errors = client(cluster, address, connections).communicate(timeout=60)
    assert not errors, errors
    return set(output.split())


def table(cluster, node, name="hitless-departed"):
    return cluster.run("nft", "list", "table", "inet", name, node=node).stdout


@pytest.fixture
def stalled(cluster):
    """The agent of node-3, stopped; goes on when told to, and at the end."""
    (agent,) = [pid for pid, command in cluster_processes().items()
                if " agent " in command and "node-3" in command and cluster.directory in command]
    os.kill(agent, signal.SIGSTOP)
    yield agent
    os.kill(agent, signal.SIGCONT)


def test_a_pod_ends_while_another_nodes_agent_hangs(cluster, web, stalled):
    ip = cluster.get("pod", "web-1")["status"]["podIP"]
    cluster.kubectl("delete", "pod", "web-1", "--wait=false")
    eventually(lambda: f"{ip} . tcp . 8080" in table(cluster, "node-1"), what="the second chance")
    while cluster.kubectl("get", "pod", "web-1", check=False).returncode == 0:
        assert answers(cluster, web, 10) == {"web-2"}
    assert answers(cluster, web) == {"web-2"}
    # That is not the doing of node-3's rules, and who dials the pod itself is told the truth.
    assert ip in table(cluster, "node-3", "hitless") and ip not in table(cluster, "node-3")
    direct = cluster.run("curl", "-sS", "-m", "5", f"http://{ip}:8080/", node="node-3", check=False)
    assert direct.returncode == 7, direct.stderr  # Refused at once; 28 would be a time-out.

    kept = client(cluster, web, 50)
    assert kept.stdout.readline().split() == ["web-2"]
    os.kill(stalled, signal.SIGCONT)
    eventually(lambda: ip not in table(cluster, "node-3", "hitless"), what="node-3 to catch up")
    output, errors = kept.communicate("again\n", timeout=30)
    assert output.split() == ["web-2"] and not errors, "connections that were led elsewhere live on"

"""A pod that starts is isolated before its first instruction."""
import json
import pathlib
import subprocess

import pytest

from embedded import eventually
from policed import Pod, fresh, namespaces, policy

PODS = 20
PORT = "7777"
STARTER = pathlib.Path(__file__).parent / "clients" / "starter.c"

# Says of everybody who gets through to it, by either protocol, that it did.
SINK = """
import select, socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tcp = socket.create_server(("", int(sys.argv[1])), backlog=1024)
udp.bind(("", int(sys.argv[1])))
seen = set()
print("listens", flush=True)
while True:
    for ready in select.select([udp, tcp], [], [])[0]:
        if ready is tcp:
            peer, (address, _) = tcp.accept()
            peer.close()
        else:
            address = udp.recvfrom(64)[1][0]
        who = f"{'tcp' if ready is tcp else 'udp'} {address}"
        if who not in seen:
            seen.add(who)
            print(who, flush=True)
"""

# Tries every address that pods may get on three nodes, over and over until its input ends.
PROBER = """
import select, socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setblocking(False)
port, own = int(sys.argv[1]), sys.argv[2]
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for address in [f"10.244.{node}.{host}" for node in (1, 2, 3) for host in range(2, 42)]:
        if address == own:
            continue
        with socket.socket() as tcp:
            tcp.setblocking(False)
            tcp.connect_ex((address, port))
        try:
            udp.sendto(b"hello", (address, port))
        except OSError:
            pass
"""


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starter")
    folder.chmod(0o755)
    subprocess.run(["cc", "-O2", "-Wall", "-o", str(folder / "starter"), str(STARTER)], check=True)
    return folder


def listening(cluster, namespace):
    program = [{"name": "c", "image": "none", "command": ["/usr/bin/python3", "-I", "-S", "-c", SINK, PORT]}]
    sink = Pod(cluster, namespace, fresh("sink")).start("node-1", {}, program).ready()
    eventually(lambda: sink.log() == "listens\n", what="the sink")
    return sink


def start(cluster, folder, namespace, sink, count):
    """Pods that use the network from their first instruction; their names."""
    names = [fresh("starter") for _ in range(count)]
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
              "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                       "containers": [{"name": "c", "image": "none", "command": ["/starter/starter", sink.address, PORT],
                                       "volumeMounts": [{"name": "starter", "mountPath": "/starter"}]}],
                       "volumes": [{"name": "starter", "hostPath": {"path": str(folder)}}]}} for name in names]
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return names


def ended(cluster, namespace, names):
    """Their phases, addresses and last words, when all have ended."""
    def found():
        pods = {pod["metadata"]["name"]: pod["status"] for pod in cluster.get("pods", "-n", namespace)["items"]}
        states = {name: pods[name] for name in names}
        assert all(state["phase"] in ("Succeeded", "Failed") for state in states.values()), states
        return states
    states = eventually(found, timeout=90, what="the end of the pods")
    return {name: (state["phase"], state["podIP"], cluster.kubectl("logs", "-n", namespace, name).stdout)
            for name, state in states.items()}


def test_nothing_gets_in_or_out_before_policies_say_so(cluster, starter):
    yard, jail = fresh("yard"), fresh("jail")
    namespaces(cluster, yard, jail)
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(policy("none", jail, {}, ingress=[], egress=[])))
    control, sink = (listening(cluster, yard) for _ in range(2))
    prober = sink.python(PROBER, PORT, sink.address)

    ((phase, address, said),) = ended(cluster, yard, start(cluster, starter, yard, control, 1)).values()
    assert phase == "Failed" and "datagrams arrived" in said, "the prober would have got in"
    assert set(control.log().split("\n")) >= {f"udp {address}", f"tcp {address}"}

    for name, (phase, _, said) in ended(cluster, jail, start(cluster, starter, jail, sink, PODS)).items():
        assert phase == "Succeeded" and said.startswith("sent "), f"{name}: {said}"
        assert int(said.split()[1]) > 0
    prober.communicate("", timeout=60)
    assert sink.log() == "listens\n"

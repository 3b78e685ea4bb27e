"""NetworkPolicies by kubectl: what pods may reach then, and what becomes of their connections."""
import json
import os
import signal

import pytest

from embedded import cluster_processes, eventually
from policed import Pod, fresh, labelled, namespaces, policy, server

OK, REFUSED = "ok", "refused"

# Keeps a connection that has carried a request; "ask" uses it again, "wait" waits for its end.
HOLD = """
import socket, sys
kept = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
def ask():
    kept.sendall(b"GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n")
    return "answered" if kept.recv(4096).startswith(b"HTTP/1.1 200") else "closed"
def wait():
    return "closed" if kept.recv(1) == b"" else "something"
print(ask(), flush=True)
for line in sys.stdin:
    try:
        print({"ask": ask, "wait": wait}[line.strip()](), flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


class Town:
    """Namespaces shop and farm. Shop: web on node-1 with ports http (8080) and admin (9090), red on node-1 and blue on
    node-2; farm: green on node-2. All are servers."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.shop, self.farm = fresh("shop"), fresh("farm")
        namespaces(cluster, self.shop, self.farm)
        both, one = [server("http", 8080), server("admin", 9090)], [server("http", 8080)]
        self.web = Pod(cluster, self.shop, fresh("web")).start("node-1", {"app": "web"}, both)
        self.red = Pod(cluster, self.shop, fresh("red")).start("node-1", {"colour": "red"}, one)
        self.blue = Pod(cluster, self.shop, fresh("blue")).start("node-2", {"colour": "blue"}, one)
        self.green = Pod(cluster, self.farm, fresh("green")).start("node-2", {"colour": "green"}, one)
        for pod in (self.web, self.red, self.blue, self.green):
            pod.ready()

    def kubectl(self, *arguments, namespace=None):
        return self.cluster.kubectl("-n", namespace or self.shop, *arguments)

    def apply(self, *objects):
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def allow(self, *rules, name="web"):
        """A policy for web's ingress."""
        self.apply(policy(name, self.shop, labelled(app="web"), ingress=list(rules)))

    def let_out(self, *rules):
        """A policy for red's egress."""
        self.apply(policy("red", self.shop, labelled(colour="red"), egress=list(rules)))

    def come_to(self, red, blue, green, port=8080):
        """Waits until that is what the three come to at web."""
        def same():
            found = [pod.reaches(f"{self.web.address}:{port}")[0] for pod in (self.red, self.blue, self.green)]
            assert found == [red, blue, green]
            return True
        eventually(same, what="what red, blue and green may do")

    def red_comes_to(self, **expected):
        """The same for red alone, and several targets."""
        targets = {"http": f"{self.web.address}:8080", "admin": f"{self.web.address}:9090", "blue": f"{self.blue.address}:8080",
                   "green": f"{self.green.address}:8080"}
        def same():
            assert dict(zip(expected, self.red.reaches(*[targets[name] for name in expected]))) == expected
            return True
        eventually(same, what="what red may do")


@pytest.fixture(scope="module")
def built(cluster):
    return Town(cluster)


@pytest.fixture
def town(built):
    built.come_to(OK, OK, OK)
    yield built
    for namespace in (built.shop, built.farm):
        built.kubectl("delete", "networkpolicies", "--all", namespace=namespace)


def test_denied_by_default_and_allowed_by_selectors(town):
    # "refused" is a reset: an answer that is never given counts as another thing.
    town.allow()
    town.come_to(REFUSED, REFUSED, REFUSED)
    town.allow({"from": [{"podSelector": labelled(colour="red")}]}, name="from-red")
    town.come_to(OK, REFUSED, REFUSED)
    farm = {"namespaceSelector": labelled(**{"kubernetes.io/metadata.name": town.farm})}
    town.allow({"from": [farm]}, name="from-the-farm")
    town.come_to(OK, REFUSED, OK)
    town.kubectl("patch", "networkpolicy", "from-red", "--type=json", "-p",
                 '[{"op": "replace", "path": "/spec/ingress/0/from/0/podSelector/matchLabels/colour", "value": "blue"}]')
    town.come_to(REFUSED, OK, OK)
    town.kubectl("delete", "networkpolicy", "from-the-farm")
    town.come_to(REFUSED, OK, REFUSED)
    town.kubectl("delete", "networkpolicy", "web")
    town.come_to(REFUSED, OK, REFUSED)
    town.kubectl("delete", "networkpolicy", "from-red")
    town.come_to(OK, OK, OK)


def test_labels_that_change(town):
    town.allow({"from": [{"podSelector": labelled(shift="early")}, {"namespaceSelector": labelled(open="yes")}]})
    town.come_to(REFUSED, REFUSED, REFUSED)
    town.kubectl("label", "pod", town.blue.name, "shift=early")
    town.come_to(REFUSED, OK, REFUSED)
    town.kubectl("label", "namespace", town.farm, "open=yes")
    town.come_to(REFUSED, OK, OK)
    town.kubectl("label", "pod", town.blue.name, "shift-")
    town.kubectl("label", "namespace", town.farm, "open=no", "--overwrite")
    town.come_to(REFUSED, REFUSED, REFUSED)
    town.kubectl("label", "pod", town.web.name, "app=other", "--overwrite")
    town.come_to(OK, OK, OK)
    town.kubectl("label", "pod", town.web.name, "app=web", "--overwrite")
    town.come_to(REFUSED, REFUSED, REFUSED)


def test_blocks_of_addresses(town):
    town.allow({"from": [{"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"{town.blue.address}/32"]}}]})
    town.come_to(OK, REFUSED, OK)
    town.allow({"from": [{"ipBlock": {"cidr": f"{town.blue.address}/32"}}]}, name="but-blue")
    town.come_to(OK, OK, OK)


def test_ports_by_name_and_number(town):
    town.allow({"ports": [{"port": "admin"}]})
    town.come_to(REFUSED, REFUSED, REFUSED)
    town.come_to(OK, OK, OK, port=9090)
    town.allow({"ports": [{"port": 8000, "endPort": 8080}]})
    town.come_to(OK, OK, OK)
    town.come_to(REFUSED, REFUSED, REFUSED, port=9090)


def test_egress(town):
    town.red_comes_to(http=OK, admin=OK, blue=OK, green=OK)
    town.let_out({"to": [{"podSelector": labelled(app="web")}], "ports": [{"port": "http"}]})
    town.red_comes_to(http=OK, admin=REFUSED, blue=REFUSED, green=REFUSED)
    town.let_out({"to": [{"ipBlock": {"cidr": f"{town.green.address}/32"}}]})
    town.red_comes_to(http=REFUSED, admin=REFUSED, blue=REFUSED, green=OK)
    # The receiver has a say, too.
    town.apply(policy("closed", town.farm, {}, ingress=[]))
    town.red_comes_to(green=REFUSED)


def test_a_tightened_policy_cuts_what_it_forbids_at_both_ends_and_nothing_else(town):
    town.allow({"from": [{"podSelector": {}}]})
    town.come_to(OK, OK, REFUSED)
    kept = {pod: pod.python(HOLD, town.web.address, "8080") for pod in (town.red, town.blue)}
    assert [holder.stdout.readline() for holder in kept.values()] == ["answered\n"] * 2

    def peers():
        return town.web.run("ss", "-Htn", "state", "established", "sport", "=", ":8080")

    assert town.red.address in peers() and town.blue.address in peers()
    kept[town.red].stdin.write("wait\n")
    kept[town.red].stdin.flush()
    town.allow({"from": [{"podSelector": labelled(colour="blue")}]})
    assert kept[town.red].stdout.readline() == "ConnectionResetError\n"
    eventually(lambda: town.red.address not in peers(), what="the end of the connection at the server")
    assert town.blue.address in peers()
    assert kept[town.blue].communicate("ask\n", timeout=60)[0] == "answered\n"
    kept[town.red].communicate(timeout=60)


def test_policies_see_pods_behind_services(town):
    town.kubectl("expose", "pod", town.web.name, "--name=front", "--port=80", "--target-port=8080")
    address = town.cluster.get("service", "-n", town.shop, "front")["spec"]["clusterIP"]
    front = f"{address}:80"
    eventually(lambda: town.red.reaches(front) == [OK], what="the Service")
    town.let_out({"to": [{"podSelector": labelled(app="web")}], "ports": [{"port": 8080}]})
    town.red_comes_to(blue=REFUSED, http=OK)
    assert town.red.reaches(front) == [OK]
    # Neither the Service's port nor its address is what is judged.
    town.let_out({"to": [{"podSelector": labelled(app="web")}], "ports": [{"port": 80}]})
    town.red_comes_to(http=REFUSED)
    assert town.red.reaches(front) != [OK]
    town.let_out({"to": [{"ipBlock": {"cidr": f"{address}/32"}}]}, {"to": [{"podSelector": labelled(colour="blue")}]})
    town.red_comes_to(http=REFUSED, blue=OK)
    assert town.red.reaches(front) != [OK]


def processes(town, *words):
    return [pid for pid, command in cluster_processes().items()
            if town.cluster.directory in command and all(word in command for word in words)]


def table(town, node="node-1"):
    """The table without what is the kernel's own: handles, and the order of elements."""
    entries = json.loads(town.cluster.run("nft", "-j", "list", "table", "inet", "hitless-policy", node=node).stdout)["nftables"]
    for entry in entries:
        for kind in entry.values():
            kind.pop("handle", None)
            if "elem" in kind:
                kind["elem"].sort(key=json.dumps)
    return sorted(json.dumps(entry) for entry in entries if "metainfo" not in entry)


def nft(town, *words):
    town.cluster.run("nft", *words, node="node-1")


def test_policies_stand_while_the_agent_does_not(town):
    town.allow({"from": [{"podSelector": labelled(colour="red")}]})
    town.come_to(OK, REFUSED, REFUSED)
    before = table(town)
    (node,) = processes(town, " node --name node-1 ")
    (agent,) = processes(town, " agent ", "--node-name=node-1 ")
    os.kill(node, signal.SIGSTOP)  # Which would start another agent.
    try:
        os.kill(agent, signal.SIGKILL)
        eventually(lambda: open(f"/proc/{agent}/stat").read().split(") ")[1][0] == "Z", what="the agent's end")
        town.come_to(OK, REFUSED, REFUSED)
        assert table(town) == before
    finally:
        os.kill(node, signal.SIGCONT)
    eventually(lambda: [pid for pid in processes(town, " agent ", "--node-name=node-1 ") if pid != agent], what="an agent")
    town.allow({"from": [{"podSelector": labelled(colour="blue")}]})
    town.come_to(REFUSED, OK, REFUSED)


def test_foreign_hands_are_undone(town):
    town.allow({"from": [{"podSelector": labelled(colour="red")}]})
    town.come_to(OK, REFUSED, REFUSED)
    before = table(town)
    entries = [json.loads(text) for text in before]
    (dispatch,) = [entry["map"]["name"] for entry in entries
                   if town.web.address in json.dumps(entry.get("map", {}).get("elem", "")) and "ingress" in entry["map"]["name"]]
    peers = [entry["set"]["name"] for entry in entries if json.dumps(entry.get("set", {}).get("elem", "")) ==
             json.dumps([town.red.address])]
    assert peers, before
    for words in (["flush", "map", "inet", "hitless-policy", dispatch],
                  ["delete", "element", "inet", "hitless-policy", peers[0], "{", town.red.address, "}"],
                  ["add", "element", "inet", "hitless-policy", peers[0], "{", town.blue.address, "}"],
                  ["flush", "table", "inet", "hitless-policy"], ["delete", "table", "inet", "hitless-policy"]):
        nft(town, *words)
        eventually(lambda: table(town) == before, what=f"the end of what nft {' '.join(words)} has done")
        town.come_to(OK, REFUSED, REFUSED)

"""NetworkPolicies by kubectl: what pods may reach then, and what becomes of their connections."""
import json

import pytest

from embedded import eventually
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

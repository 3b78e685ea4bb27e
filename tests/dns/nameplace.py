"""A place whose agent serves names: sockets inside of its namespace, a quick way to the API server, questions."""
import http.client
import itertools
import json
import re
import socket
import ssl
import subprocess
import sys
import threading

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

import dual_stack
from place import Place, eventually

DNS4 = "10.96.0.10"
DNS6 = "fd00:96::a"
SHOP = "shop.svc.cluster.local."

# Makes sockets in its own network namespace for a process outside; they stay in it wherever they are used.
BROKER = """
import socket
channel = socket.socket(fileno=0)
while request := channel.recv(64):
    with socket.socket(*map(int, request.split())) as made:
        socket.send_fds(channel, [b"."], [made.fileno()])
"""

COLLECTIONS = {"Namespace": "/api/v1/namespaces", "Node": "/api/v1/nodes",
               "Service": "/api/v1/namespaces/{}/services", "Pod": "/api/v1/namespaces/{}/pods",
               "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"}


# The same server in four ways: address, and whether by TCP.
WAYS = [(DNS4, False), (DNS4, True), (DNS6, False), (DNS6, True)]


class NamePlace(Place):
    """Has routes as a node has them, and addresses of pods on `lo`."""

    def __init__(self):
        super().__init__()
        mine, theirs = socket.socketpair()
        self.broker = subprocess.Popen(self.enter + [sys.executable, "-c", BROKER], stdin=theirs)
        theirs.close()
        self.processes.append(self.broker)
        self.channel = mine
        self.run("sh", "-ec", """
            ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
            ip address add 10.1.1.1/24 dev v0; ip address add fd00:1::1/64 dev v0 nodad
            # What is not translated goes to a gateway that knows nothing of cluster IPs.
            ip neighbour add 10.1.1.254 dev v0 lladdr 02:00:00:00:00:01 nud permanent
            ip neighbour add fd00:1::fe dev v0 lladdr 02:00:00:00:00:01 nud permanent
            ip route add default via 10.1.1.254; ip -6 route add default via fd00:1::fe
            for i in 5 6 7 8 9; do ip address add 10.1.1.$i/32 dev lo; done""")
        self.brokering = threading.Lock()
        self.api_port = int(re.search(r"server: \S+:(\d+)", open(self.kubeconfig).read())[1])
        self.connection = self.connect_to_api()

    def connect_to_api(self):
        tls = ssl.create_default_context(cafile=str(self.directory / "api/pki/ca.crt"))
        plain = self.socket(socket.AF_INET, socket.SOCK_STREAM)
        plain.connect(("127.0.0.1", self.api_port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port)
        connection.sock = tls.wrap_socket(plain, server_hostname="127.0.0.1")
        return connection

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, timeout=5):
        """A socket of the namespace, to be used from outside."""
        with self.brokering:
            self.channel.send(f"{int(family)} {int(kind)}".encode())
            _, descriptors, _, _ = socket.recv_fds(self.channel, 1, 1)
        made = socket.socket(fileno=descriptors[0])
        made.settimeout(timeout)
        return made

    # The API server.

    def call(self, method, path, body=None, expected=(200, 201)):
        headers = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
        if method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"
        self.connection.request(method, path, body and json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read()
        assert response.status in expected, (method, path, response.status, text)
        return json.loads(text)

    def create(self, *objects):
        for thing in objects:
            made = self.call("POST", COLLECTIONS[thing["kind"]].format(thing["metadata"].get("namespace")), thing)
            if thing["kind"] == "Pod":
                self.call("PATCH", path_of(thing) + "/status", {"status": thing["status"]})
        return made

    def patch(self, thing, change):
        return self.call("PATCH", path_of(thing), change)

    def delete(self, *objects):
        for thing in objects:
            self.call("DELETE", path_of(thing) + "?gracePeriodSeconds=0")

    # The name server.

    def serve(self, *arguments, listen=("127.0.0.1",)):
        """An agent that answers at 127.0.0.1 once this returns."""
        if "--dns-upstream" not in arguments:
            arguments += ("--dns-upstream", "none")
        for address in listen:
            arguments += ("--dns-listen", address)
        process = self.logged_agent(*arguments)
        assert eventually(lambda: self.status("/ready") == 200), self.said()
        assert eventually(lambda: self.answers(listen[0])), self.said()
        return process

    def answers(self, server, name="dns-version.cluster.local", timeout=0.2):
        """True if somebody there answers; nobody may be bound yet."""
        try:
            return self.query(name, "TXT", server=server, timeout=timeout).rcode() == 0
        except (OSError, dns.exception.Timeout):
            return False

    def query(self, name, kind="A", server="127.0.0.1", tcp=False, timeout=5, source=None, edns=1232, **options):
        """The reply, parsed."""
        message = dns.message.make_query(name, kind, **options)
        message.use_edns(0 if edns else -1, message.ednsflags & dns.flags.DO, edns or 0)
        return self.exchange(message, server, tcp, timeout, source)

    def exchange(self, message, server="127.0.0.1", tcp=False, timeout=5, source=None):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with self.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM, timeout) as via:
            if source:
                via.bind((source, 0))
            if tcp:
                via.connect((server, 53))
                return dns.query.tcp(message, server, timeout, sock=via)
            return dns.query.udp(message, server, timeout, sock=via)

    def addresses(self, name, kind="A", **options):
        """Sorted, without what leads to them."""
        return sorted(values(self.query(name, kind, **options), kind))

    def generation(self):
        return self.published("generation")

    def published(self, what="resourceVersion"):
        """Of what is answered from; the resourceVersion is that of the EndpointSlices."""
        text = " ".join(values(self.query("generation.cluster.local", "TXT"), "TXT"))
        return int(re.search(what + r"=(\d+)", text)[1])

    def sum_of(self, name, **labels):
        """Of the samples of a metric with these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        lines = [line for line in self.ask("/metrics").splitlines() if re.match(name + r"[{ ]", line)]
        return sum(float(line.split()[-1]) for line in lines if all(label in line for label in wanted))

    def close(self):
        self.channel.close()
        super().close()


def path_of(thing):
    collection = COLLECTIONS[thing["kind"]].format(thing["metadata"].get("namespace"))
    return collection + "/" + thing["metadata"]["name"]


def values(reply, kind=None):
    """The data of a reply's answers as text; of one type if it is given."""
    return [record.to_text() for rrset in reply.answer for record in rrset
            if kind is None or rrset.rdtype == dns.rdatatype.from_text(kind)]


def status_of(reply):
    """NODATA besides the codes."""
    code = dns.rcode.to_text(reply.rcode())
    return "NODATA" if code == "NOERROR" and not reply.answer else code


# Objects.

counter = itertools.count()


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def node(name="n1"):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "spec": {"podCIDR": "10.1.1.0/24", "podCIDRs": ["10.1.1.0/24"]}}


def port(number, name="", protocol="TCP"):
    return {"port": number, "protocol": protocol, **({"name": name} if name else {})}


def service(name, *ips, ports=(port(80),), ns="shop", **spec):
    """Headless without an address; the agent sees IPv6 addresses in a place with dual_stack."""
    address = next((ip for ip in ips if ":" not in ip), "") if ips else "None"
    spec |= {"clusterIP": address} if address else {}
    annotations = {dual_stack.ANNOTATION: " ".join(ips) or "None"}
    return {"apiVersion": "v1", "kind": "Service", "spec": {"ports": list(ports), **spec},
            "metadata": {"name": name, "namespace": ns, "annotations": annotations}}


def external(name, target, ns="shop"):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": ns},
            "spec": {"type": "ExternalName", "externalName": target}}


def endpoint(address, hostname=None, ready=True, **conditions):
    made = {"addresses": [address], "conditions": {"ready": ready, **conditions}}
    return made | ({"hostname": hostname} if hostname else {})


def endpoint_slice(of, *endpoints, ports=(port(8080),), ns="shop", name=None):
    """Its family is that of its addresses."""
    first = endpoints[0]["addresses"][0] if endpoints else ""
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": name or f"{of}-{next(counter)}", "namespace": ns,
                         "labels": {"kubernetes.io/service-name": of}},
            "addressType": "IPv6" if ":" in first else "IPv4",
            "ports": [{"name": "", **p} for p in ports], "endpoints": list(endpoints)}


def pod(name, address, ns="shop", **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": ns},
            "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}], **spec},
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}


def dns_service():
    return service("kube-dns", DNS4, DNS6, ns="kube-system",
                   ports=(port(53, "dns", "UDP"), port(53, "dns-tcp")))


def new_place(dual=False):
    """A place with what the DNS Service needs; `dual`: agents see IPv6 addresses of Services too."""
    place = NamePlace()
    if dual:
        dual_stack.start(place)
    place.create(node(), namespace("shop"), dns_service())
    return place

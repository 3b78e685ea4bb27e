"""What the benchmarks of names share: the cluster, the agent that serves it, other name servers with the same data,
a question and its answer, and dnsperf."""
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

from agent_scale import CannedApi, Collection, NODE, SERVICES, SLICES, endpoint_slice, kubeconfig, make_certificate, \
    service
from canned_api import cluster_ip, ipv4

HITLESS = os.environ["HITLESS"]
os.environ["PATH"] += ":/usr/sbin:/sbin"
NAMESPACES = "/api/v1/namespaces"
ZONE = "cluster.local"
SUFFIX = "default.svc." + ZONE
AGENT = "169.254.20.10"  # Where pods and processes of every node reach its agent.
AGENT_LISTEN = "127.0.0.53"
NOERROR, NXDOMAIN = 0, 3


# --- The cluster ----------------------------------------------------------------------------------------------------

class Headless:
    """A headless Service with endpoints of its own addresses."""

    def __init__(self, name, first, count):
        self.name = name
        self.addresses = [ipv4((12 << 24) + first + i) for i in range(count)]

    def service(self):
        item = service(0)
        item["metadata"].update(name=self.name, uid=f"uid-{self.name}", labels={"app": self.name})
        item["spec"].update(clusterIP="None", clusterIPs=["None"], selector={"app": self.name})
        return item

    def slice(self, revision=100):
        item = endpoint_slice(0, 1)
        end = item["endpoints"][0]
        item["metadata"].update(name=self.name + "-abcde", uid=f"slice-{self.name}", resourceVersion=str(revision),
                                labels={"kubernetes.io/service-name": self.name,
                                        "endpointslice.kubernetes.io/managed-by":
                                            "endpointslice-controller.k8s.io"})
        item["endpoints"] = [dict(end, addresses=[address], targetRef=dict(
            end["targetRef"], name=f"{self.name}-{address}", uid=f"pod-{address}")) for address in self.addresses]
        return item


class Cluster:
    """`count` Services with an address and two endpoints each, and headless ones: [(how many, addresses of each)]."""

    def __init__(self, count, headless, spare=0):
        self.count = count
        self.headless = []
        first = 1
        for services, addresses in headless:
            for i in range(services):
                self.headless.append(Headless(f"h{addresses}-{i}", first, addresses))
                first += addresses
        self.spare = spare  # Services that have only their slices so far.

    def collections(self):
        services = [service(i) for i in range(self.count)] + [h.service() for h in self.headless]
        slices = [endpoint_slice(i, 2) for i in range(self.count + self.spare)] + [h.slice() for h in self.headless]
        namespace = {"metadata": {"name": "default", "resourceVersion": "5"}}
        return {
            SERVICES: Collection(services, 90_000, "Service"),
            SLICES: Collection(slices, 200_000, "EndpointSlice"),
            NAMESPACES: Collection([namespace], 5, "Namespace"),
            "/api/v1/nodes": Collection([NODE], 5, "Node"),
            "/api/v1/pods": Collection([], 5, "Pod")}

    def records(self):
        """{name: addresses}"""
        names = {f"s-{i}.{SUFFIX}": [cluster_ip(i)] for i in range(self.count)}
        names.update({f"{h.name}.{SUFFIX}": h.addresses for h in self.headless})
        return names


class Agent:
    """An agent of the cluster in this network namespace, and its API server."""

    def __init__(self, cluster, *arguments):
        self.directory = tempfile.mkdtemp(prefix="hitless-bench-")
        key, certificate = make_certificate(self.directory)
        # connect() asks for a route before the packet gets the mark that leads it to the agent.
        subprocess.run(["ip", "route", "replace", AGENT, "dev", "lo"], check=True)
        self.api = CannedApi(self.directory, certificate, key, cluster.collections())
        self.process = subprocess.Popen(
            [HITLESS, "agent", "--node-name", "node-1", "--pod-socket=none", "--kubeconfig",
             kubeconfig(self.directory, self.api.port, certificate),
             "--timeline", f"{self.directory}/timeline", *arguments],
            stdout=subprocess.DEVNULL, stderr=open(f"{self.directory}/log", "w"))
        self.pid = self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait()
        subprocess.run([HITLESS, "agent", "--cleanup"], check=False, capture_output=True)


# --- Questions ------------------------------------------------------------------------------------------------------

def question(name, kind=1, ident=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def addresses_in(message):
    """(rcode, addresses of the answer section)"""
    _, flags, questions, answers, _, _ = struct.unpack("!HHHHHH", message[:12])
    at = 12
    for _ in range(questions):
        at = skip_name(message, at) + 4
    found = []
    for _ in range(answers):
        at = skip_name(message, at)
        kind, _, _, length = struct.unpack("!HHIH", message[at:at + 10])
        at += 10
        if kind == 1:
            found.append(socket.inet_ntoa(message[at:at + 4]))
        at += length
    return flags & 15, sorted(found)


def ask(server, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((server, 53))
        s.send(question(name))
        return addresses_in(s.recv(65536))


def await_answers(server, name, process, log=None):
    """Until the server knows the name."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            sys.exit(f"{server}: ended with {process.returncode}\n{open(log).read() if log else ''}")
        try:
            rcode, addresses = ask(server, name)
            if rcode == NOERROR and addresses:
                return
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit(f"{server} does not know {name}: {open(log).read() if log else ''}")


def cpu(pid):
    """(user, system) seconds of all threads so far."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / ticks, int(fields[12]) / ticks


# --- dnsperf --------------------------------------------------------------------------------------------------------

def write_queries(path, names):
    pathlib.Path(path).write_text("".join(f"{name} A\n" for name in names))
    return str(path)


def dnsperf_command(server, queries, duration, rate=None, timeout=1):
    return ["dnsperf", "-s", server, "-d", queries, "-l", str(duration), "-c", "4", "-T", "1", "-q", "100",
            "-t", str(timeout), *(["-Q", str(rate)] if rate else [])]


def read_dnsperf(text):
    def number(pattern):
        return float(re.search(pattern, text).group(1))

    codes = re.search(r"Response codes:\s+(.*)", text)
    codes = re.findall(r"([A-Z]+) (\d+) \(", codes.group(1)) if codes else []
    return {
        "sent": int(number(r"Queries sent:\s+(\d+)")), "answered": int(number(r"Queries completed:\s+(\d+)")),
        "lost": int(number(r"Queries lost:\s+(\d+)")), "rate": number(r"Queries per second:\s+([\d.]+)"),
        "codes": {code: int(count) for code, count in codes},
        "latency": number(r"Average Latency \(s\):\s+([\d.]+)") * 1e6,
        "latency_max": number(r"Average Latency \(s\):.*max ([\d.]+)") * 1e6}


def dnsperf(server, queries, duration, rate=None, prefix=()):
    done = subprocess.run([*prefix, *dnsperf_command(server, queries, duration, rate)], capture_output=True, text=True,
                          check=True)
    return read_dnsperf(done.stdout)


def row(case, metric, value, unit, peer=None):
    return {"case": case, "metric": metric, "value": value, "unit": unit, "peer": peer or {}}


# --- Other name servers ---------------------------------------------------------------------------------------------

def zone_file(zone, records, ttl):
    """Relative to nothing: every name is spelt out."""
    lines = [f"{zone}. {ttl} SOA ns.dns.{zone}. hostmaster.{zone}. 1 7200 1800 86400 {ttl}",
             f"{zone}. {ttl} NS ns.dns.{zone}.", f"ns.dns.{zone}. {ttl} A 127.0.0.1"]
    lines += [f"{name}. {ttl} A {address}" for name, addresses in records.items() for address in addresses]
    return "\n".join(lines) + "\n"


def write_knot(directory, listen, zones):
    """`zones`: {name: (records, ttl)}. One worker, as the agent has one thread for names."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="knot-", dir=directory))
    for name, (records, ttl) in zones.items():
        (home / f"{name}.zone").write_text(zone_file(name, records, ttl))
    entries = "".join(f"  - domain: {name}\n    file: {home}/{name}.zone\n" for name in zones)
    (home / "knot.conf").write_text(
        f"server:\n  rundir: {home}\n  user: root:root\n  listen: {listen}@53\n  udp-workers: 1\n  tcp-workers: 1\n"
        f"  background-workers: 1\ndatabase:\n  storage: {home}\nzone:\n{entries}")
    return ["knotd", "-c", str(home / "knot.conf")]


def write_unbound(directory, listen, records, upstream, ttl=5):
    path = pathlib.Path(directory, f"unbound-{listen}.conf")
    data = "".join(f"  local-data: \"{name}. {ttl} A {address}\"\n"
                   for name, addresses in records.items() for address in addresses)
    forward = f"forward-zone:\n  name: \".\"\n  forward-addr: {upstream}\n" if upstream else ""
    path.write_text(
        f"server:\n  interface: {listen}\n  num-threads: 1\n  username: \"\"\n  chroot: \"\"\n"
        f"  directory: {directory}\n  pidfile: \"\"\n  use-syslog: no\n  verbosity: 0\n"
        "  module-config: \"iterator\"\n  do-not-query-localhost: no\n"
        "  access-control: 0.0.0.0/0 allow\n  minimal-responses: yes\n  outgoing-range: 4096\n"
        "  num-queries-per-thread: 2048\n  rrset-cache-size: 64m\n  msg-cache-size: 64m\n"
        f"  local-zone: \"{ZONE}.\" static\n"
        f"  local-data: \"{ZONE}. {ttl} SOA ns.dns.{ZONE}. hostmaster.{ZONE}. 1 7200 1800 86400 {ttl}\"\n{data}"
        f"remote-control:\n  control-enable: no\n{forward}")
    return ["unbound", "-d", "-c", str(path)]


def write_dnsmasq(directory, listen, records, upstream, ttl=5):
    path = pathlib.Path(directory, f"dnsmasq-{listen}.hosts")
    path.write_text("".join(f"{address} {name}\n" for name, addresses in records.items() for address in addresses))
    return ["dnsmasq", "-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", f"--addn-hosts={path}",
            f"--listen-address={listen}", "--bind-interfaces", f"--local=/{ZONE}/", f"--local-ttl={ttl}", "--user=root",
            "--group=root", "--cache-size=10000", "--dns-forward-max=10000", "--pid-file=", "--log-facility=-",
            *([f"--server={upstream}"] if upstream else [])]


def write_dnsdist(directory, listen, backend, cached, batch):
    """`batch`: queries that one recvmmsg may bring; 1 is its default."""
    path = pathlib.Path(directory, f"dnsdist-{listen}.lua")
    cache = "getPool(\"\"):setCache(newPacketCache(100000))\n" if cached else ""
    batched = f"setUDPMultipleMessagesVectorSize({batch})\n" if batch > 1 else ""
    path.write_text(f"{batched}setLocal(\"{listen}:53\")\nsetACL(\"0.0.0.0/0\")\n"
                    f"newServer({{address=\"{backend}:53\", healthCheckMode=\"up\"}})\n"
                    f"setSecurityPollSuffix(\"\")\n{cache}")
    return ["dnsdist", "--supervised", "--disable-syslog", "-C", str(path)]

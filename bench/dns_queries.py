"""What an answer costs: processor time of the server per query, the agent beside other name servers with the same
names, all in network namespaces of their own. dnsperf asks over loopback, the servers take turns, three rounds."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from agent_scale import enter_namespace
from dns_lab import AGENT, AGENT_LISTEN, NOERROR, NXDOMAIN, SUFFIX, Agent, Cluster, ask, await_answers, \
    cpu, dnsperf, row, write_dnsdist, write_dnsmasq, write_knot, write_queries, write_unbound
from canned_api import ipv4

COUNT = 1000
OUTSIDE = 1000
KEPT, FLEETING = "kept.example.net", "fleeting.example.net"
ONCE = 300_000  # As many names are asked in turn where no cache shall help; all of them are the same record's.
SECONDS = int(os.environ.get("HITLESS_BENCH_SECONDS", 5))
ROUNDS = int(os.environ.get("HITLESS_BENCH_ROUNDS", 3))
UPSTREAM, KNOT, UNBOUND, DNSMASQ = "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4"
DNSDIST_CACHE, DNSDIST_BATCH, DNSDIST_FORWARD = "127.0.1.5", "127.0.1.6", "127.0.1.7"
DNSDIST_UPSTREAM_CACHE, DNSDIST_UPSTREAM_BATCH, DNSDIST_UPSTREAM = "127.0.1.8", "127.0.1.9", "127.0.1.10"


def outside_records(zone):
    return {f"www-{i}.{zone}": [ipv4((198 << 24 | 18 << 16) + i)] for i in range(OUTSIDE)}


class Bench:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hitless-bench-dns-")
        self.cluster = Cluster(COUNT, [(50, 3), (3, 20)])
        self.records = self.cluster.records()
        self.outside = {KEPT: (outside_records(KEPT), 3600), FLEETING: ({f"*.{FLEETING}": ["198.51.100.1"]}, 0)}
        # The others have a namespace without packet rules; the agent's own rules are in its way only.
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up; echo; exec sleep 100000"],
                                       stdout=subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        self.beside = ["nsenter", "-t", str(self.holder.pid), "-n"]
        self.processes = []
        self.servers = {}  # label: (address, pid, prefix of programs that ask it)

    def start(self, command, prefix=()):
        log = open(f"{self.directory}/log-{len(self.processes)}", "w")
        process = subprocess.Popen([*prefix, *command], stdout=log, stderr=log)
        self.processes.append(process)
        return process.pid

    def add(self, label, address, command):
        self.servers[label] = (address, self.start(command, self.beside), self.beside)

    def begin(self):
        for prefix in ([], self.beside):
            self.start(write_knot(self.directory, UPSTREAM, self.outside), prefix)
        self.agent = Agent(self.cluster, "--dns-listen", AGENT_LISTEN, "--dns-upstream", UPSTREAM)
        self.servers["hitless"] = (AGENT, self.agent.pid, [])
        self.servers["hitless --dns-listen"] = (AGENT_LISTEN, self.agent.pid, [])
        self.servers["knotd among the agent's packet rules"] = (
            KNOT, self.start(write_knot(self.directory, KNOT, {"cluster.local": (self.records, 5)})), [])
        self.add("knotd", KNOT, write_knot(self.directory, KNOT, {"cluster.local": (self.records, 5)}))
        self.add("unbound", UNBOUND, write_unbound(self.directory, UNBOUND, self.records, UPSTREAM))
        self.add("dnsmasq", DNSMASQ, write_dnsmasq(self.directory, DNSMASQ, self.records, UPSTREAM))
        for cache, batch, plain, backend, suffix in (
                (DNSDIST_CACHE, DNSDIST_BATCH, DNSDIST_FORWARD, KNOT, ""),
                (DNSDIST_UPSTREAM_CACHE, DNSDIST_UPSTREAM_BATCH, DNSDIST_UPSTREAM, UPSTREAM, " (upstream)")):
            self.add("dnsdist cache" + suffix, cache, write_dnsdist(self.directory, cache, backend, True, 1))
            self.add("dnsdist cache, batches" + suffix, batch, write_dnsdist(self.directory, batch, backend, True, 64))
            self.add("dnsdist forward" + suffix, plain, write_dnsdist(self.directory, plain, backend, False, 1))

    def end(self):
        self.agent.stop()
        for process in self.processes + [self.holder]:
            process.kill()
            process.wait()


def asked_there(prefix, address, names):
    """What the server says, asked from its namespace: {name: (rcode, addresses)}."""
    if not prefix:
        return {name: ask(address, name) for name in names}
    script = ("import json, sys; from dns_lab import ask; "
              "print(json.dumps({n: ask(sys.argv[1], n) for n in sys.argv[2:]}))")
    environment = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
    deadline = time.monotonic() + 30
    while True:
        done = subprocess.run([*prefix, sys.executable, "-c", script, address, *names], env=environment,
                              capture_output=True, text=True)
        if done.returncode == 0:
            return {name: tuple(said) for name, said in json.loads(done.stdout).items()}
        if time.monotonic() > deadline:
            sys.exit(f"{address} does not answer: {done.stderr}")
        time.sleep(0.1)


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    bench = Bench()
    try:
        print(json.dumps(measure(bench)))
    finally:
        bench.end()


def cases_of(bench):
    """(what, names, {server: label}, expected rcode)"""
    own = {"hitless": "hitless", "knotd": "knotd", "unbound local-data": "unbound", "dnsmasq": "dnsmasq",
           "dnsdist packet cache": "dnsdist cache", "dnsdist packet cache, batches of 64": "dnsdist cache, batches"}
    plus = {label: label for label in ("hitless --dns-listen", "knotd among the agent's packet rules")}
    plus |= {
        "dnsdist forward, its backend's share not counted": "dnsdist forward"}
    cached = {"hitless": "hitless", "unbound": "unbound", "dnsmasq": "dnsmasq",
              "dnsdist packet cache": "dnsdist cache (upstream)",
              "dnsdist packet cache, batches of 64": "dnsdist cache, batches (upstream)"}
    passed = {"hitless": "hitless", "unbound": "unbound", "dnsmasq": "dnsmasq",
              "dnsdist forward": "dnsdist forward (upstream)"}
    headless = {n: [f"{h.name}.{SUFFIX}" for h in bench.cluster.headless if len(h.addresses) == n] for n in (3, 20)}
    return [
        ("Service A", [f"s-{i}.{SUFFIX}" for i in range(COUNT)], {**own, **plus}, NOERROR),
        ("NXDOMAIN of a search path", [f"api-{i}.example.com.{SUFFIX}" for i in range(COUNT)], own, NXDOMAIN),
        ("headless, 3 A", headless[3], own, NOERROR),
        ("headless, 20 A", headless[20], own, NOERROR),
        ("outside, cached", list(bench.outside[KEPT][0]), cached, NOERROR),
        ("outside, forwarded", [f"www-{i}.{FLEETING}" for i in range(ONCE)], passed, NOERROR)]


def expected(bench, name, rcode):
    for records in (bench.records, bench.outside[KEPT][0]):
        if name in records:
            return rcode, sorted(records[name])
    return rcode, ["198.51.100.1"] if name.endswith(FLEETING) else []


def measure(bench):
    bench.begin()
    await_answers(AGENT, f"s-0.{SUFFIX}", bench.agent.process, f"{bench.agent.directory}/log")
    rows = []
    only = sys.argv[1:]
    for what, names, servers, rcode in cases_of(bench):
        if only and not any(word in what for word in only):
            continue
        path = write_queries(f"{bench.directory}/queries", names)
        figures = {label: [] for label in servers}
        for label, server in servers.items():
            address, _, prefix = bench.servers[server]
            sample = names[::max(1, len(names) // 20)]
            for name, said in asked_there(prefix, address, sample).items():
                if tuple(said) != expected(bench, name, rcode):
                    sys.exit(f"{label} says {said} of {name}, not {expected(bench, name, rcode)}")
            dnsperf(address, path, 1, prefix=prefix)  # Warms up.
        order = list(servers)
        for _ in range(ROUNDS):
            for label in order:
                figures[label].append(one(bench.servers[servers[label]], path, rcode, label))
            order.reverse()
        best_peer = min((statistics.median(f["each"] for f in figures[label]), label)
                        for label in figures if not label.startswith("hitless") and "among" not in label)
        for label in servers:
            each = statistics.median(f["each"] for f in figures[label])
            peer = {"name": best_peer[1], "value": best_peer[0]} if label == "hitless" else {}
            case = f"{what}: {label}"
            rows.append(row(case, "CPU/query", each, "us", peer))
            rows.append(row(case, "user/query", statistics.median(f["user"] for f in figures[label]), "us"))
            rows.append(row(case, "per core", 1e6 / each, "q/s"))
            rows.append(row(case, "answered", statistics.median(f["rate"] for f in figures[label]), "q/s"))
            rows.append(row(case, "lost", sum(f["lost"] for f in figures[label]), ""))
            print(f"{case:60} {each:6.2f} us (user {rows[-4]['value']:.2f})", file=sys.stderr)
    return rows


def one(server, path, rcode, label):
    address, pid, prefix = server
    user, system = cpu(pid)
    result = dnsperf(address, path, SECONDS, prefix=prefix)
    user, system = (after - before for after, before in zip(cpu(pid), (user, system)))
    wanted = "NOERROR" if rcode == NOERROR else "NXDOMAIN"
    if result["codes"].get(wanted, 0) != result["answered"] or result["answered"] == 0:
        sys.exit(f"{label}: {result['codes']}")
    return {"each": (user + system) * 1e6 / result["answered"], "user": user * 1e6 / result["answered"],
            "rate": result["rate"], "lost": result["lost"]}


if __name__ == "__main__":
    main()

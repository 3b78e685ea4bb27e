#!/usr/bin/env python3
"""A node whose packet rules have multiplied, and what it takes to find and to repair that.

In network namespaces of its own: a node and a client. Between them two steady streams of datagrams: one to a port that a
rule allows, one to a port that a rule forbids. Then the third incident: the same three rules of kube-router over and over,
with the rules that must stay hidden among them. The doctor is timed beside the commands that people type, and a repair
that opens a gap shows itself: an allowed datagram that is lost, or a forbidden one that arrives.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))
NODE, CLIENT = "10.99.0.1", "10.99.0.2"
ALLOWED, FORBIDDEN = 7001, 7002
CHAIN = "KUBE-ROUTER-INPUT"

# What kube-router puts into its chain; the incident's node had each of these several hundred thousand times.
REPEATED = [
    "-d 10.43.0.0/16 -m comment --comment \"allow traffic to primary/secondary cluster IP range - TZZOAXOCHPHEHX7M\" -j RETURN",
    "-p tcp -m comment --comment \"allow LOCAL TCP traffic to node ports - LR7XO7NXDBGQJD2M\" -m addrtype --dst-type LOCAL"
    " -m multiport --dports 30000:32767 -j RETURN",
    "-d 10.43.0.0/16 -m comment --comment \"allow traffic to load balancer IP range - TZZOAXOCHPHEHX7N\" -j RETURN",
    "-p udp -m comment --comment \"allow LOCAL UDP traffic to node ports - 76UCBPIZNGJNWNUZ\" -m addrtype --dst-type LOCAL"
    " -m multiport --dports 30000:32767 -j RETURN",
]
# What must hold before, during and after a repair. They stand where nobody looks: in the middle.
KEPT = [
    f"-p udp -m udp --dport {FORBIDDEN} -m comment --comment \"nobody may\" -j DROP",
    f"-s {CLIENT}/32 -p udp -m udp --dport {ALLOWED} -m comment --comment \"the client may\" -j ACCEPT",
]


def own_namespaces():
    """Starts this program anew in namespaces of its own, as root of them."""
    if os.environ.get("HITLESS_BLOWUP_INSIDE"):
        return
    os.environ["HITLESS_BLOWUP_INSIDE"] = "1"
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.execvp("unshare", ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])


def run(*words, **more):
    return subprocess.run(words, check=True, text=True, **more)


def make_network():
    """This namespace is the node; the client is one more, held open by a process that waits."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")  # The lock of the legacy tools is the node's own.
    run("ip", "link", "set", "lo", "up")
    client = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    here = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{client.pid}/ns/net") == here:
        time.sleep(0.001)
    run("ip", "link", "add", "node", "type", "veth", "peer", "name", "client", "netns", str(client.pid))
    run("ip", "address", "add", f"{NODE}/24", "dev", "node")
    run("ip", "link", "set", "node", "up")
    inside = ["nsenter", f"--net=/proc/{client.pid}/ns/net"]
    run(*inside, "ip", "address", "add", f"{CLIENT}/24", "dev", "client")
    run(*inside, "ip", "link", "set", "client", "up")
    return client


@contextlib.contextmanager
def in_namespace_of(pid):
    """The calling thread is in that process's network; sockets that it makes stay there."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    libc = __import__("ctypes").CDLL(None, use_errno=True)
    try:
        assert libc.setns(there, 0) == 0
        yield
    finally:
        assert libc.setns(here, 0) == 0
        os.close(here)
        os.close(there)


class Streams:
    """The client's datagrams, one of each kind after the other; the node answers what arrives."""

    def __init__(self, client_pid):
        self.server = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in (ALLOWED, FORBIDDEN)]
        for one, port in zip(self.server, (ALLOWED, FORBIDDEN)):
            one.bind((NODE, port))
        with in_namespace_of(client_pid):
            self.client = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in (ALLOWED, FORBIDDEN)]
        for one, port in zip(self.client, (ALLOWED, FORBIDDEN)):
            one.connect((NODE, port))
        self.sent = self.lost = self.forbidden = 0
        self.round_trips = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.echo), threading.Thread(target=self.leaks), threading.Thread(target=self.send)]
        for thread in self.threads:
            thread.start()

    def echo(self):
        while not self.stopping.is_set():
            self.server[0].settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                data, who = self.server[0].recvfrom(100)
                self.server[0].sendto(data, who)

    def leaks(self):
        while not self.stopping.is_set():
            self.server[1].settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                self.server[1].recvfrom(100)
                self.forbidden += 1

    def send(self):
        """The next goes out when the last is back, so that a slow node is not drowned."""
        while not self.stopping.is_set():
            self.client[1].send(b"forbidden")
            number = str(self.sent).encode()
            begin = time.monotonic()
            self.client[0].send(number)
            self.sent += 1
            self.client[0].settimeout(5)
            try:
                while self.client[0].recv(100) != number:
                    pass
                self.round_trips.append((begin, time.monotonic() - begin))
            except TimeoutError:
                self.lost += 1
            self.stopping.wait(0.005)

    def median_since(self, moment):
        times = [trip for begin, trip in self.round_trips if begin >= moment]
        return statistics.median(times) if times else None

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def rule_set(count):
    """For iptables-restore: `count` rules in the chain, those to keep at one third and at two thirds."""
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", f":{CHAIN} - [0:0]",
             f"-A INPUT -m comment --comment \"kube-router netpol - 4IA2OSFRMVNDXBVV\" -j {CHAIN}"]
    repeated = count - len(KEPT)
    places = {repeated // 3: KEPT[0], 2 * repeated // 3: KEPT[1]}
    for index in range(repeated):
        if index in places:
            lines.append(f"-A {CHAIN} {places[index]}")
        lines.append(f"-A {CHAIN} {REPEATED[index % len(REPEATED)]}")
    return "\n".join([*lines, "COMMIT", ""])


def timed(words, limit, **more):
    """(seconds, finished); a command that takes longer than the limit is ended."""
    begin = time.monotonic()
    try:
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit, check=False, **more)
        return time.monotonic() - begin, True
    except subprocess.TimeoutExpired:
        return time.monotonic() - begin, False


def told(measured):
    seconds, finished = measured
    return f"{seconds:.3f} s" if finished else f"not finished after {seconds:.0f} s"


def rules_in_chain(backend):
    """The distinct rules of the chain, in order; for a chain that is small again."""
    text = run(f"iptables-{backend}-save", "-t", "filter", stdout=subprocess.PIPE).stdout
    return [line.removeprefix(f"-A {CHAIN} ") for line in text.splitlines() if line.startswith(f"-A {CHAIN} ")]


def wait_for(streams, more):
    """Until the client has had so many more answers, or has lost something."""
    goal = len(streams.round_trips) + more
    while len(streams.round_trips) < goal and streams.lost == 0:
        time.sleep(0.01)


def shell_cure(backend, limit):
    """The one-liner that is passed around, on the same node: save, filter, restore."""
    command = f"iptables-{backend}-save | awk '!/^-A {CHAIN} / || !seen[$0]++' | iptables-{backend}-restore"
    return timed(["bash", "-c", command], limit)


def doctor(*words):
    begin = time.monotonic()
    done = subprocess.run([HITLESS, "doctor", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return time.monotonic() - begin, done


def blow_up(backend, count, limit, say):
    result = {"backend": backend, "rules": count}
    client = make_network.client
    say(f"\n== {count:,} rules, iptables-{backend}")
    run(f"iptables-{backend}-restore", input=rule_set(10))
    streams = Streams(client.pid)
    try:
        begin = time.monotonic()
        wait_for(streams, 50)
        result["rttHealthyMs"] = streams.median_since(begin) * 1000
        begin = time.monotonic()
        run(f"iptables-{backend}-restore", input=rule_set(count))
        say(f"the rules were written in {time.monotonic() - begin:.1f} s")
        begin = time.monotonic()
        wait_for(streams, 5)
        result["rttSickMs"] = streams.median_since(begin) * 1000
        say(f"round trip to the node: {result['rttHealthyMs']:.3f} ms before, {result['rttSickMs']:.1f} ms now")

        result["doctorSeconds"], found = doctor("-o", "json")
        report = json.loads(found.stdout)
        result["findings"] = [f"{finding['check']}: {finding['subject']}: {finding['summary']}" for finding in report["findings"]]
        check = timed([f"iptables-{backend}", "-C", CHAIN, "-p", "tcp", "--dport", "1", "-j", "ACCEPT"], limit)
        save = timed(["bash", "-c", f"iptables-{backend}-save | wc -l"], limit)
        result["iptablesCheck"], result["iptablesSave"] = told(check), told(save)
        say(f"hitless doctor           {result['doctorSeconds']:.3f} s\niptables -C              {told(check)}\niptables-save | wc -l    {told(save)}")
        for line in result["findings"]:
            say(f"  {line}")

        sent, lost = streams.sent, streams.lost
        undo = os.path.join(make_network.folder, f"undo-{backend}.jsonl")
        result["fixSeconds"], fixed = doctor("--fix", "--yes", "--undo-file", undo)
        begin = time.monotonic()
        wait_for(streams, 50)
        result["rttRepairedMs"] = streams.median_since(begin) * 1000
        result["during"] = {"sent": streams.sent - sent, "lost": streams.lost - lost, "forbiddenArrived": streams.forbidden}
        result["rulesLeft"] = rules_in_chain(backend)
        say(fixed.stdout.strip())
        say(f"hitless doctor --fix     {result['fixSeconds']:.3f} s; round trip {result['rttRepairedMs']:.3f} ms")
        say(f"while it repaired: {result['during']['sent']} allowed datagrams, {result['during']['lost']} lost; "
            f"{result['during']['forbiddenArrived']} forbidden ones arrived")
    finally:
        streams.stop()
    result["kept"] = all(any(kept == rule for rule in result["rulesLeft"]) for kept in KEPT)
    result["repetitionsLeft"] = len(result["rulesLeft"]) - len(set(result["rulesLeft"]))
    say(f"{len(result['rulesLeft'])} rules are left, {result['repetitionsLeft']} of them repetitions; "
        f"those that had to stay are {'all there' if result['kept'] else 'NOT ALL THERE'}")
    if limit > 0:
        run(f"iptables-{backend}-restore", input=rule_set(count))
        result["shellCure"] = told(shell_cure(backend, limit))
        say(f"save | awk | restore     {result['shellCure']}, on the same rules")
    run(f"iptables-{backend}-restore", input="*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")
    run(f"iptables-{backend}", "-X", CHAIN) if f":{CHAIN} " in run(f"iptables-{backend}-save", stdout=subprocess.PIPE).stdout else None
    return result


def good(result):
    return (result["kept"] and result["repetitionsLeft"] == 0 and result["during"]["lost"] == 0 and
            result["during"]["forbiddenArrived"] == 0 and any(CHAIN in line or "filter" in line for line in result["findings"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--backend", choices=["legacy", "nft", "both"], default="both")
    parser.add_argument("--rules", type=int, help="in the chain; 1,055,488 on legacy and 1,000,000 on nft unless said otherwise")
    parser.add_argument("--limit", type=float, default=60, help="seconds for each of the commands that it is compared with; 0: without the one-liner")
    parser.add_argument("--json", help="write the results to this file")
    options = parser.parse_args()
    own_namespaces()
    make_network.client = make_network()
    make_network.folder = tempfile.mkdtemp(prefix="hitless-blowup-")
    results = []
    try:
        for backend, usual in (("legacy", 1_055_488), ("nft", 1_000_000)):
            if options.backend in (backend, "both"):
                results.append(blow_up(backend, options.rules or usual, options.limit, lambda text: print(text, flush=True)))
    finally:
        make_network.client.kill()
        shutil.rmtree(make_network.folder)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if all(good(result) for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

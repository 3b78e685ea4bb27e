"""Own names under load and in bad company: 50,000 queries a second for a minute while every hundredth packet is
malformed and the upstream, which other clients ask for, is dead every other two seconds; before that the same without
either fault."""
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from agent_scale import enter_namespace
from canned_api import cluster_ip, ipv4
from dns_lab import AGENT, NOERROR, SUFFIX, Agent, Cluster, addresses_in, await_answers, dnsperf_command, question, \
    read_dnsperf, row, write_knot, write_queries

RATE = 50_000
SECONDS = int(os.environ.get("HITLESS_BENCH_SECONDS", 60))
QUIET_SECONDS = max(5, SECONDS // 4)
MALFORMED = RATE // 100
OUTSIDE = 500  # A second.
UPSTREAM = "127.0.1.1"
NAMES = 1000
DEAD = 2  # Seconds, every other.
SO_RCVBUFFORCE = 33


def paced(rate, duration, act):
    """Calls act() so many times a second, in small groups."""
    begin = time.perf_counter()
    done = 0
    while (passed := time.perf_counter() - begin) < duration:
        while done < passed * rate:
            act()
            done += 1
        time.sleep(0.005)
    return done


def broken(rng):
    """A packet that is no query, or no longer one."""
    whole = bytearray(question(f"s-{rng.randrange(NAMES)}.{SUFFIX}", ident=rng.randrange(65536)))
    kind = rng.randrange(6)
    if kind == 0:
        return bytes(whole[:rng.randrange(1, len(whole))])
    if kind == 1:
        return rng.randbytes(rng.randrange(1, 512))
    if kind == 2:
        whole[12] = rng.randrange(64, 256)  # No label is as long; or a pointer.
    elif kind == 3:
        whole[4:12] = rng.randbytes(8)  # How many records there are.
    elif kind == 4:
        whole[12:14] = b"\xc0\x0c"  # A name that points to itself.
    else:
        whole += b"\0\0\x29\x10\0\0\0\0\0\xff\xff"  # An OPT longer than the packet.
    return bytes(whole)


def send_malformed(duration):
    send_packets(duration, broken)


def send_well_formed(duration):
    """The same trouble for the machine, and none for the agent."""
    send_packets(duration, lambda rng: question(f"s-{rng.randrange(NAMES)}.{SUFFIX}", ident=rng.randrange(65536)))


def send_packets(duration, make):
    rng = random.Random(1)
    packets = [make(rng) for _ in range(5000)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((AGENT, 53))
        s.setblocking(False)

        def send():
            try:
                s.send(rng.choice(packets))
                s.recv(4096)
            except OSError:
                pass

        print(json.dumps({"sent": paced(MALFORMED, duration, send)}))


def ask_outside(duration):
    """Asks names that the upstream has, without waiting; counts what comes back, by rcode."""
    rng = random.Random(2)
    counts = {}
    open_questions = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # Answers come all at once when the upstream is back.
        s.connect((AGENT, 53))
        s.setblocking(False)
        ident = 0

        def receive():
            try:
                while True:
                    message = s.recv(4096)
                    if int.from_bytes(message[:2], "big") in open_questions:
                        open_questions.remove(int.from_bytes(message[:2], "big"))
                        code = addresses_in(message)[0]
                        counts[code] = counts.get(code, 0) + 1
            except OSError:
                pass

        def send():
            nonlocal ident
            ident = (ident + 1) % 65536
            open_questions.add(ident)
            s.send(question(f"www-{rng.randrange(NAMES)}.example.net", ident=ident))
            receive()

        sent = paced(OUTSIDE, duration, send)
        end = time.perf_counter() + 10
        while open_questions and time.perf_counter() < end:
            receive()
            time.sleep(0.01)
    print(json.dumps({"sent": sent, "codes": counts, "unanswered": len(open_questions)}))


def ask_own(duration):
    """A client with one question at a time."""
    rng = random.Random(3)
    times, wrong, lost = [], 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((AGENT, 53))
        ident = 0
        end = time.perf_counter() + duration
        while time.perf_counter() < end:
            number, ident = rng.randrange(NAMES), (ident + 1) % 65536
            query = question(f"s-{number}.{SUFFIX}", ident=ident)
            begin = time.perf_counter()
            s.send(query)
            try:
                message = s.recv(4096)
                while message[:2] != query[:2]:
                    message = s.recv(4096)
                times.append((time.perf_counter() - begin) * 1e6)
                wrong += addresses_in(message) != (NOERROR, [cluster_ip(number)])
            except TimeoutError:
                lost += 1
            time.sleep(0.002)
    times.sort()
    print(json.dumps({"asked": len(times) + lost, "lost": lost, "wrong": wrong, "p50": statistics.median(times),
                      "p99": times[len(times) * 99 // 100], "max": times[-1]}))


def helper(mode, duration):
    return subprocess.Popen([sys.executable, sys.argv[0], mode, str(duration)], stdout=subprocess.PIPE, text=True)


def said(process):
    return json.loads(process.communicate()[0])


def own_names(queries, duration):
    """dnsperf and the client; their figures."""
    client = helper("own", duration)
    load = subprocess.run(dnsperf_command(AGENT, queries, duration, RATE), capture_output=True, text=True, check=True)
    return {**read_dnsperf(load.stdout), "client": said(client)}


def report(case, result, rows):
    client = result["client"]
    if set(result["codes"]) != {"NOERROR"} or client["wrong"]:
        sys.exit(f"{case}: {result['codes']}, {client['wrong']} wrong addresses")
    rows += [row(case, "rate", result["rate"], "q/s"), row(case, "answered", result["answered"], ""),
             row(case, "lost", result["lost"], "", {"target": 0}), row(case, "latency mean", result["latency"], "us"),
             row(case, "latency max", result["latency_max"], "us"),
             row(case, "a client's p50", client["p50"], "us"), row(case, "a client's p99", client["p99"], "us"),
             row(case, "a client's max", client["max"], "us"),
             row(case, "a client lost", client["lost"], "", {"target": 0})]


def measure(directory):
    rows = []
    outside = {f"www-{i}.example.net": [ipv4((198 << 24 | 18 << 16) + i)] for i in range(NAMES)}
    # A TTL of a second: the cache helps little.
    upstream = subprocess.Popen(write_knot(directory, UPSTREAM, {"example.net": (outside, 1)}),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    agent = Agent(Cluster(NAMES, []), "--dns-upstream", UPSTREAM)
    done = threading.Event()

    def interrupt():
        while not done.wait(DEAD):
            upstream.send_signal(signal.SIGSTOP)
            if done.wait(DEAD):
                break
            upstream.send_signal(signal.SIGCONT)

    interrupter = threading.Thread(target=interrupt)
    try:
        await_answers(AGENT, f"s-0.{SUFFIX}", agent.process, f"{agent.directory}/log")
        await_answers(AGENT, "www-0.example.net", agent.process, f"{agent.directory}/log")
        queries = write_queries(f"{directory}/queries", [f"s-{i}.{SUFFIX}" for i in range(NAMES)])
        company = [helper("well-formed", QUIET_SECONDS), helper("outside", QUIET_SECONDS)]
        report("own names in good company", own_names(queries, QUIET_SECONDS), rows)
        for process in company:
            said(process)
        bad, elsewhere = helper("malformed", SECONDS), helper("outside", SECONDS)
        interrupter.start()
        case = "own names beside malformed packets and a dying upstream"
        report(case, own_names(queries, SECONDS), rows)
        bad, elsewhere = said(bad), said(elsewhere)
        rows.append(row(case, "malformed packets", bad["sent"], ""))
        case = "outside names, upstream dead half of the time"
        rows += [row(case, "asked", elsewhere["sent"], ""),
                 row(case, "answered", elsewhere["codes"].get("0", 0), ""),
                 row(case, "SERVFAIL", elsewhere["codes"].get("2", 0), ""),
                 row(case, "REFUSED", elsewhere["codes"].get("5", 0), ""),
                 row(case, "no answer", elsewhere["unanswered"], "")]
    finally:
        done.set()
        if interrupter.ident:
            interrupter.join()
        agent.stop()
        upstream.kill()
        upstream.wait()
    return rows


def main():
    modes = {"malformed": send_malformed, "well-formed": send_well_formed, "outside": ask_outside, "own": ask_own}
    if len(sys.argv) == 3:
        modes[sys.argv[1]](float(sys.argv[2]))
        return
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(json.dumps(measure(tempfile.mkdtemp(prefix="hitless-bench-dns-"))))


if __name__ == "__main__":
    main()

"""The proxy beside others of its kind: requests a second, processor time of the proxy per request, p99 at a rate that
all of them can serve, memory of idle connections. A network namespace of its own, one worker each, taking turns.
HITLESS_BENCH_BASE: another build of hitless, measured in turn with this one."""
import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from agent_scale import enter_namespace
from dns_lab import row
from proxy_peers import GRPC_PATH, Backends, kinds, start_peers

SECONDS = int(os.environ.get("HITLESS_BENCH_SECONDS", 3))
ROUNDS = int(os.environ.get("HITLESS_BENCH_ROUNDS", 3))
CONNECTIONS, STREAMS = 16, 10
RATE = 8000  # Requests a second of all connections, for p99.
IDLE = 9_500  # haproxy reserves two descriptors for each; 20,000 are a usual hard limit.
H1, H2 = ["--h1"], ["-m", str(STREAMS)]
# what: (port's name, scheme, path, words of h2load)
CASES = {
    "HTTP/1.1": ("plain", "http", "/", H1),
    "HTTP/2 to HTTP/1.1": ("h2", "http", "/", H2),
    "gRPC": ("grpc", "http", GRPC_PATH, H2),
    "HTTP/1.1 over TLS": ("tls", "https", "/", H1),
    "HTTP/2 over TLS": ("tls", "https", "/", H2),
}
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
# :method GET, :scheme http, :path /, :authority a (RFC 7541, appendix A)
HEADERS = bytes([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 1, ord("a")])


def processes(session):
    """pids of a session's processes: a server may have a worker beside its first process."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session:
            yield name, fields


def cpu(session):
    """(user, system) seconds of all processes of the session so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    times = [(int(fields[11]), int(fields[12])) for _, fields in processes(session)]
    return tuple(sum(column) / ticks for column in zip(*times))


def memory(session):
    """KiB of private memory of all processes of the session."""
    total = 0
    for pid, _ in processes(session):
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total


def h2load(peer, case, *more, seconds=SECONDS):
    port, scheme, path, words = CASES[case]
    if port == "grpc":
        words = [*words, "-d", peer.message, "-H", "content-type: application/grpc", "-H", "te: trailers"]
    done = subprocess.run(["h2load", "-t", "1", "-c", str(CONNECTIONS), "-D", str(seconds), *words, *more,
                           f"{scheme}://127.0.0.1:{peer.ports[port]}{path}"], capture_output=True, text=True, check=True)
    said = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored",
                     done.stdout)
    codes = re.search(r"status codes: (\d+) 2xx", done.stdout)
    answered, failed = int(said.group(2)), int(said.group(3)) + int(said.group(4))
    # Requests under way at the end count as failed.
    if answered == 0 or failed > CONNECTIONS * STREAMS or int(codes.group(1)) < answered:
        sys.exit(f"{peer.name}, {case}: {done.stdout}")
    return answered


def throughput(peer, case):
    before = cpu(peer.process.pid)
    answered = h2load(peer, case)
    user, system = (after - b for after, b in zip(cpu(peer.process.pid), before))
    return {"rate": answered / SECONDS, "each": (user + system) * 1e6 / answered, "user": user * 1e6 / answered}


def p99(peer, case):
    """ms, of requests that begin by the clock whether earlier ones are answered or not."""
    with tempfile.NamedTemporaryFile("r") as log:
        h2load(peer, case, "--rps", str(RATE // CONNECTIONS), f"--log-file={log.name}")
        times = sorted(int(line.split()[2]) for line in log)
    return times[math.ceil(len(times) * 0.99) - 1] / 1000


def receive_response(client, http2):
    data = b""
    while True:
        if not http2 and b"\r\n\r\nok" in data:
            return
        while http2 and len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            size, kind, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
            if kind == 0 and flags & 1:  # DATA, END_STREAM
                return
            data = data[9 + size:]
        more = client.recv(65536)
        if not more:
            sys.exit("a connection that is to be idle was closed")
        data += more


def idle_memory(peer, port, http2):
    """KiB per idle connection, each of which has had one request."""
    before = memory(peer.process.pid)
    clients = []
    for _ in range(IDLE):
        client = socket.create_connection(("127.0.0.1", peer.ports[port]))
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS + HEADERS if http2
                       else b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        receive_response(client, http2)
        clients.append(client)
    used = memory(peer.process.pid) - before
    for client in clients:
        client.close()
    return used / IDLE


def measure_case(all_peers, case):
    mine = [peer for peer in all_peers if CASES[case][0] in peer.ports]
    figures = {peer.name: [] for peer in mine}
    for peer in mine:
        h2load(peer, case, seconds=1)  # Warms up.
    for _ in range(ROUNDS):
        for peer in mine:
            figures[peer.name].append({**throughput(peer, case), "p99": p99(peer, case)})
        mine.reverse()
    median = {name: {key: statistics.median(f[key] for f in runs) for key in runs[0]} for name, runs in figures.items()}
    others = [name for name in median if not name.startswith("hitless")]
    best = max(others, key=lambda name: median[name]["rate"])
    cheapest = min(others, key=lambda name: median[name]["each"])
    for name, values in median.items():
        ours = name == "hitless"
        what = f"{case}: {name}"
        yield row(what, "rate", values["rate"], "1/s", {"name": best, "value": median[best]["rate"]} if ours else {})
        yield row(what, "CPU/request", values["each"], "us",
                  {"name": cheapest, "value": median[cheapest]["each"]} if ours else {})
        yield row(what, "user/request", values["user"], "us")
        yield row(what, "p99", values["p99"], "ms")
        print(f"{what:40} {values['rate']:8.0f}/s {values['each']:6.2f} us (user {values['user']:5.2f})"
              f" p99 {values['p99']:.2f} ms", file=sys.stderr)


def measure_idle(directory, backends):
    """Of servers that were started anew, so that nothing of the earlier work is used again."""
    for what, port, http2 in (("HTTP/1.1", "plain", False), ("HTTP/2", "h2", True)):
        for kind in kinds():
            if port not in kind[2]:
                continue
            running = []
            try:
                start_peers(directory, backends, running, kind)
                each = idle_memory(running[0], port, http2)
            finally:
                running[0].stop()
            print(f"{IDLE} idle, {what}: {kind[0]} {each:.2f} KiB each", file=sys.stderr)
            yield row(f"{IDLE} idle, {what}: {kind[0]}", "memory", each, "KiB")


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    only = os.environ.get("HITLESS_BENCH_CASES", "").split(",")
    wanted = [case for case in CASES if only == [""] or case in only]
    with tempfile.TemporaryDirectory(prefix="hitless-bench-proxy-") as directory:
        os.chmod(directory, 0o755)
        backends = Backends(directory)
        running = []
        try:
            start_peers(directory, backends, running)
            rows = [one for case in wanted for one in measure_case(running, case)]
            while running:
                running.pop().stop()
            if only == [""] or "idle" in only:
                rows += measure_idle(directory, backends)
        finally:
            for peer in running:
                peer.stop()
            backends.stop()
    load = os.getloadavg()
    rows.append(row("load average at the end", "5 min", load[1], ""))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()

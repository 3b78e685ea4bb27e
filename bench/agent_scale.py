"""The agent against a large cluster: start to complete kernel, memory, and one endpoint change from the watch's bytes
to the element in the kernel, with a real agent process, TLS and the real kernel, in a network namespace."""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from canned_api import CannedApi, Collection, NODE, endpoint_slice, service

HITLESS = os.environ["HITLESS"]
SERVICES = "/api/v1/services"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
SIZES = [(1000, 2), (10000, 2), (44000, 2), (5000, 50)]
CHANGES = 500
NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NFNLGRP_NFTABLES = 7


def enter_namespace():
    if os.environ.get("HITLESS_BENCH_INSIDE"):
        return
    os.environ["HITLESS_BENCH_INSIDE"] = "1"
    flags = ["-n"] if os.geteuid() == 0 else ["-rn"]
    os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])


def status_of(pid, key):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def make_certificate(directory):
    key, certificate = f"{directory}/key.pem", f"{directory}/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=bench",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return key, certificate


class Monitor:
    """The kernel's own news of nftables."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE, where it is allowed
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(1 << 20)
        except OSError:
            pass
        self.socket.setblocking(True)
        self.socket.settimeout(10)

    def wait(self):
        self.socket.recv(1 << 20)


def kubeconfig(directory, port, certificate):
    path = f"{directory}/kubeconfig"
    json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
               "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
               "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}",
                                                      "certificate-authority": certificate}}],
               "users": [{"name": "u", "user": {"token": "t"}}]}, open(path, "w"))
    return path


def run(count, endpoints, rows):
    case = f"{count} services x {endpoints}"
    directory = tempfile.mkdtemp(prefix="hitless-bench-")
    key, certificate = make_certificate(directory)
    collections = {
        SERVICES: Collection((service(i) for i in range(count)), 90_000, "Service"),
        SLICES: Collection((endpoint_slice(i, endpoints) for i in range(count)), 200_000, "EndpointSlice"),
        "/api/v1/nodes": Collection([NODE], 5, "Node"),
        "/api/v1/pods": Collection([], 5, "Pod")}
    api = CannedApi(directory, certificate, key, collections)
    timeline = pathlib.Path(directory, "timeline")
    monitor = Monitor()
    begin_wall = time.time_ns()
    agent = subprocess.Popen([HITLESS, "agent", "--node-name", "node-1", "--pod-socket=none", "--kubeconfig",
                              kubeconfig(directory, api.port, certificate), "--timeline", str(timeline)],
                             stdout=subprocess.DEVNULL, stderr=open(f"{directory}/log", "w"))
    try:
        committed = None
        while committed is None:
            if agent.poll() is not None:
                sys.exit(open(f"{directory}/log").read())
            time.sleep(0.01)
            lines = timeline.read_text().splitlines() if timeline.exists() else []
            committed = next((line for line in map(json.loads, lines) if "full" in line.get("detail", "")), None)
        moment = committed["t"]
        peer = {"name": "kube-proxy 1.36 nftables", "value": 15750} if (count, endpoints) == (10000, 2) else {}
        rows.append({"case": case, "metric": "start to complete kernel", "value": (moment - begin_wall) / 1e6,
                     "unit": "ms", "peer": peer})
        collections[SLICES].watching.wait(30)
        time.sleep(1)  # Not to wait for a thing: the figures of an agent at rest are wanted.
        peer = {"name": "kube-proxy 1.36 nftables", "value": 192} if (count, endpoints) == (10000, 2) else {}
        rows.append({"case": case, "metric": "resident at rest", "value": status_of(agent.pid, "VmRSS"), "unit": "MiB",
                     "peer": peer})
        rows.append({"case": case, "metric": "resident peak", "value": status_of(agent.pid, "VmHWM"), "unit": "MiB",
                     "peer": {}})
        changes(api, monitor, count, endpoints, case, rows)
        rows.append({"case": case, "metric": "resident after the changes", "value": status_of(agent.pid, "VmRSS"),
                     "unit": "MiB", "peer": {}})
    finally:
        agent.terminate()
        agent.wait()
        subprocess.run([HITLESS, "agent", "--cleanup"], check=False, capture_output=True)


def changes(api, monitor, count, endpoints, case, rows):
    events = []
    for i in range(CHANGES):
        revision = 300_000 + i
        changed = endpoint_slice(i * 7919 % count, endpoints, moved=i + 1, revision=revision)
        events.append(json.dumps({"type": "MODIFIED", "object": changed}, separators=(",", ":")).encode() + b"\n")
    times = []
    for event in events:
        monitor.drain()
        begin = time.perf_counter()
        api.push(SLICES, event)
        monitor.wait()
        times.append((time.perf_counter() - begin) * 1e6)
        time.sleep(0.002)  # One at a time: bursts coalesce.
    times.sort()
    reference = (count, endpoints) == (10000, 2)
    peer = {"name": "kube-proxy 1.36 nftables", "value": 4.7e6} if reference else {}
    rows.append({"case": case, "metric": "watch bytes to kernel p50", "value": statistics.median(times), "unit": "us",
                 "peer": peer})
    rows.append({"case": case, "metric": "watch bytes to kernel p99", "value": times[len(times) * 99 // 100],
                 "unit": "us", "peer": {}})


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # The pauses of the collector and of threads that hand the interpreter over are not the agent's.
    import gc
    gc.disable()
    sys.setswitchinterval(1e-5)
    rows = []
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:]] or SIZES
    for count, endpoints in sizes:
        run(count, endpoints, rows)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()

"""How soon names follow: from the rules' commit in the kernel to the first answer with a Service that is new, and from
the event's bytes on the API server's socket to that answer; the latter also for an endpoint of a headless Service,
which has no rules. A real agent with 10,000 Services; a process that asks without pause."""
import gc
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import time

from agent_scale import SERVICES, SLICES, Monitor, enter_namespace, service
from canned_api import cluster_ip, ipv4
from dns_lab import AGENT, SUFFIX, Agent, Cluster, addresses_in, await_answers, question, row

COUNT = 10_000
HEADLESS = (100, 3)
CHANGES = int(os.environ.get("HITLESS_BENCH_CHANGES", 400))


def prober(pipe):
    """For each (name, address): says when it asks, and when the first answer with the address has come."""
    gc.disable()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        while True:
            try:
                name, address = pipe.recv()
            except EOFError:
                return
            s.connect((AGENT, 53))
            query, wanted = question(name), socket.inet_aton(address)
            asked = 0
            while True:
                try:
                    s.send(query)
                    message = s.recv(4096)
                except OSError:
                    continue
                if wanted in message:
                    break
                asked += 1
                if asked == 20:
                    pipe.send("asking")
            now = time.perf_counter()
            if addresses_in(message)[1].count(address) != 1 or asked < 20:
                sys.exit(f"{name}: not the change that was waited for")
            pipe.send(now)


def event(kind, item):
    return json.dumps({"type": kind, "object": item}, separators=(",", ":")).encode() + b"\n"


def one(agent, pipe, path, name, address, data, monitor=None):
    """(commit to answer, bytes to answer) in microseconds."""
    pipe.send((name, address))
    pipe.recv()
    if monitor:
        monitor.drain()
    begin = time.perf_counter()
    agent.api.push(path, data)
    committed = None
    if monitor:
        monitor.wait()
        committed = time.perf_counter()
    answered = pipe.recv()
    time.sleep(random.uniform(0.005, 0.015))  # One at a time: bursts coalesce.
    return (answered - committed) * 1e6 if monitor else None, (answered - begin) * 1e6


def figures(case, metric, times, rows, target=None):
    times.sort()
    places = {"p50": statistics.median(times), "p99": times[len(times) * 99 // 100], "max": times[-1]}
    for label, value in places.items():
        peer = {"target": target} if target and label == "p99" else {}
        rows.append(row(case, f"{metric} {label}", value, "us", peer))


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    ours, theirs = multiprocessing.Pipe()
    # Before there are threads to fork.
    process = multiprocessing.Process(target=prober, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    gc.disable()
    sys.setswitchinterval(1e-5)
    cluster = Cluster(COUNT, [HEADLESS], spare=CHANGES)
    agent = Agent(cluster, "--dns-upstream", "none")
    try:
        print(json.dumps(measure(agent, cluster, ours)))
    finally:
        ours.close()
        agent.stop()


def measure(agent, cluster, pipe):
    await_answers(AGENT, f"s-{COUNT - 1}.{SUFFIX}", agent.process, f"{agent.directory}/log")
    time.sleep(2)  # Not to wait for a thing: the figures of an agent at rest are wanted.
    rows, monitor = [], Monitor()
    commits, answers = [], []
    for i in range(CHANGES):
        number = COUNT + i
        item = service(number)
        item["metadata"]["resourceVersion"] = str(300_000 + i)
        commit, answer = one(agent, pipe, SERVICES, f"s-{number}.{SUFFIX}", cluster_ip(number), event("ADDED", item),
                             monitor)
        commits.append(commit)
        answers.append(answer)
    case = f"{COUNT} services, one added"
    figures(case, "commit to answer", commits, rows, 1000)
    figures(case, "watch bytes to answer", answers, rows)
    answers = []
    for i in range(CHANGES):
        changed = cluster.headless[i % len(cluster.headless)]
        changed.addresses[-1] = ipv4((13 << 24) + i)
        _, answer = one(agent, pipe, SLICES, f"{changed.name}.{SUFFIX}", changed.addresses[-1],
                        event("MODIFIED", changed.slice(400_000 + i)))
        answers.append(answer)
    figures(f"{COUNT} services, an endpoint of a headless one", "watch bytes to answer", answers, rows)
    return rows


if __name__ == "__main__":
    main()

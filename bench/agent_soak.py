"""An hour's endpoint changes in a minute: 200,000 in bursts, through a real agent into the real kernel. At the end the
kernel holds what the API says (a dry run has nothing to change), and memory, descriptors and sets have not grown."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from agent_scale import CannedApi, Collection, NODE, SERVICES, SLICES, enter_namespace, kubeconfig, make_certificate, \
    service, endpoint_slice, status_of

HITLESS = os.environ["HITLESS"]
CHANGES = 200_000
COUNT = 1000
BURST = 200


def event_of(number, revision, moved, endpoints):
    item = endpoint_slice(number, endpoints, moved=moved, revision=revision)
    return item, json.dumps({"type": "MODIFIED", "object": item}, separators=(",", ":")).encode() + b"\n"


def committed_revision(timeline):
    """The revision of the last commit that the agent has noted."""
    last = 0
    for line in timeline.read_text().splitlines()[-50:]:
        entry = json.loads(line)
        if entry["what"] == "rules.committed":
            last = entry["revision"]
    return last


def wait_for(timeline, revision):
    deadline = time.monotonic() + 120
    while committed_revision(timeline) < revision:
        if time.monotonic() > deadline:
            sys.exit(f"the agent has not come to revision {revision}")
        time.sleep(0.005)


def figures(pid):
    listing = subprocess.run(["nft", "list", "sets", "inet"], capture_output=True, text=True).stdout
    maps = subprocess.run(["nft", "list", "maps", "inet"], capture_output=True, text=True).stdout
    return {"resident": status_of(pid, "VmRSS"), "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "sets": listing.count("\tset ") + maps.count("\tmap ")}


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES
    directory = tempfile.mkdtemp(prefix="hitless-bench-")
    key, certificate = make_certificate(directory)
    current = {i: endpoint_slice(i, 2) for i in range(COUNT)}
    collections = {
        SERVICES: Collection((service(i) for i in range(COUNT)), 90_000, "Service"),
        SLICES: Collection(current.values(), 200_000, "EndpointSlice"),
        "/api/v1/nodes": Collection([NODE], 5, "Node"),
        "/api/v1/pods": Collection([], 5, "Pod")}
    api = CannedApi(directory, certificate, key, collections)
    config = kubeconfig(directory, api.port, certificate)
    timeline = pathlib.Path(directory, "timeline")
    agent = subprocess.Popen([HITLESS, "agent", "--node-name", "node-1", "--kubeconfig", config, "--pod-socket=none",
                              "--timeline", str(timeline)], stdout=subprocess.DEVNULL, stderr=open(f"{directory}/log", "w"))
    rng = random.Random(1)
    revision = 300_000
    try:
        while not timeline.exists() or committed_revision(timeline) < 200_000:
            if agent.poll() is not None:
                sys.exit(open(f"{directory}/log").read())
            time.sleep(0.01)
        collections[SLICES].watching.wait(30)
        begin = time.monotonic()
        start = None
        for sent in range(0, changes, BURST):
            parts = []
            for _ in range(BURST):
                revision += 1
                number = rng.randrange(COUNT)
                current[number], line = event_of(number, revision, rng.randrange(1 << 20), rng.randrange(0, 6))
                parts.append(line)
            api.push(SLICES, b"".join(parts))
            if (sent // BURST) % 10 == 9:
                wait_for(timeline, revision)
            if start is None and sent >= changes // 10:
                start = figures(agent.pid)  # Warm by now.
        wait_for(timeline, revision)
        took = time.monotonic() - begin
        end = figures(agent.pid)
        collections[SLICES].__init__(list(current.values()), revision, "EndpointSlice")
        dry = subprocess.run([HITLESS, "agent", "--dry-run", "--node-name", "node-1", "--kubeconfig", config],
                             capture_output=True, text=True, timeout=60)
        if dry.returncode != 0:
            sys.exit(dry.stderr)
        rows = [{"metric": "changes", "value": changes, "unit": ""},
                {"metric": "took", "value": took, "unit": "s"},
                {"metric": "commits", "value": timeline.read_text().count("rules.committed"), "unit": ""},
                {"metric": "lines that a dry run would still write",
                 "value": sum(1 for line in dry.stdout.splitlines() if line.startswith(("add", "delete", "flush"))),
                 "unit": ""}]
        for name in start:
            rows.append({"metric": f"{name} after a tenth", "value": start[name], "unit": ""})
            rows.append({"metric": f"{name} at the end", "value": end[name], "unit": ""})
        print(json.dumps([{"case": f"{COUNT} services", "peer": {}, **row} for row in rows]))
    finally:
        agent.terminate()
        agent.wait()
        subprocess.run([HITLESS, "agent", "--cleanup"], check=False, capture_output=True)


if __name__ == "__main__":
    main()

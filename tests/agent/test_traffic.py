"""Requests through a cluster IP while the rules, or the agent, are done violence to."""
import json
import pathlib
import signal
import subprocess
import time

import pytest

from place import HITLESS, NODE, SERVICE, eventually, slice_of

TESTAPP = str(pathlib.Path(HITLESS).resolve().parent / "hitless-testapp")
URL = "http://10.96.0.10/"


@pytest.fixture
def traffic(place):
    """A node with an endpoint of its own, an agent, and loads through the cluster IP."""
    for command in ("link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
                    "address add 10.1.1.1/24 dev v0", "address add 10.1.1.5/32 dev lo",
                    # What is not translated goes to a gateway that knows nothing of cluster IPs.
                    "neighbour add 10.1.1.254 dev v0 lladdr 02:00:00:00:00:01 nud permanent",
                    "route add 10.96.0.0/16 via 10.1.1.254"):
        place.run("ip", *command.split())
    place.start_program(TESTAPP, "--port", "8080")
    place.process = place.logged_agent()
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5"))
    assert eventually(lambda: place.status("/", "10.96.0.10") == 200)
    place.loads = []
    return place


def load(place, mode):
    output = str(place.directory / f"load-{mode}.json")
    process = place.start("load", URL, f"mode={mode}", "rate=300", "connections=8", "timeout=3s", "--stop-on-signal",
                          "--output", output, "-o", "json", stdout=subprocess.DEVNULL)
    place.loads.append((process, output))


def finish(place):
    results = []
    for process, output in place.loads:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        results.append(json.load(open(output)))
    return results


def loopback_packets(place):
    line = [line for line in place.run("cat", "/proc/net/dev").splitlines() if "lo:" in line][0]
    return int(line.split()[2])


def goes_on(place, packets=600):
    """Waits until so many packets more have passed."""
    before = loopback_packets(place)
    return eventually(lambda: loopback_packets(place) > before + packets)


def test_a_flush_under_traffic_leaves_no_lasting_damage(traffic):
    load(traffic, "new")
    load(traffic, "keepalive")
    assert goes_on(traffic)
    traffic.nft("flush", "ruleset")
    assert eventually(lambda: traffic.metric("hitless_heals_total") == 1), traffic.said()
    healed = time.time_ns()
    assert goes_on(traffic, 10_000)
    for result in finish(traffic):
        late = [f for f in result["failures"]["list"] if f["time"]["scheduled"] > healed]
        assert late == [], "what came after the repair failed"
        # The bound; the gap is what clients saw of it.
        assert result["longestGap"]["ms"] < 1000


def test_what_packets_add_to_the_rules_is_nobody_elses_change(traffic):
    traffic.apply(SERVICE.replace("spec: {", "spec: {sessionAffinity: ClientIP, "
                                  "sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}, "))
    assert eventually(lambda: "timeout 1s" in traffic.rules()), traffic.rules()
    load(traffic, "new")
    assert goes_on(traffic, 3000)
    for result in finish(traffic):
        assert result["failed"] == 0, result["failures"]["causes"]
    # Affinities have come, and gone with their second.
    assert eventually(lambda: "expires" not in traffic.rules())
    assert traffic.metric("hitless_foreign_changes_total") == 0


def test_a_killed_agent_and_its_successor_lose_nothing(traffic):
    load(traffic, "new")
    load(traffic, "keepalive")
    assert goes_on(traffic)
    for _ in range(3):
        traffic.process.send_signal(signal.SIGKILL)
        traffic.process.wait()
        assert goes_on(traffic)
        traffic.process = traffic.logged_agent()
        assert eventually(lambda: traffic.status("/readyz") == 200), traffic.said()
        assert goes_on(traffic)
    for result in finish(traffic):
        assert result["sent"] > 100
        assert result["failed"] == 0 and result["retried"] == 0, result["failures"]["causes"]

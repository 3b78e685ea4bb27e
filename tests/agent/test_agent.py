"""One agent and an API server in a network namespace of their own: from kubectl to the kernel."""
import json
import re
import signal
import subprocess

from place import HITLESS, KUBECTL, NODE, SERVICE, eventually, slice_of


def test_the_kernel_follows_kubectl(place):
    place.agent()
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5"))
    assert eventually(lambda: "10.1.1.5" in place.rules())
    assert "10.96.0.10" in place.rules()
    place.apply(slice_of("10.1.1.6"))
    assert eventually(lambda: "10.1.1.6" in place.rules() and "10.1.1.5" not in place.rules())
    revision = json.loads(place.run(KUBECTL, "--kubeconfig", place.kubeconfig, "get", "endpointslice", "web-x", "-o",
                                    "json"))["metadata"]["resourceVersion"]
    assert eventually(lambda: place.watermark() >= int(revision))
    assert place.commits()[-1]["revision"] >= int(revision)


def test_rules_outlive_a_killed_agent_and_its_successor_reconciles(place):
    first = place.agent()
    place.apply(NODE)
    place.apply(SERVICE)
    place.apply(slice_of("10.1.1.5", "10.1.1.6"))
    assert eventually(lambda: "10.1.1.6" in place.rules())
    # nsenter is replaced by the program, so its pid is the agent's.
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = place.rules()
    assert "10.1.1.5" in before and "10.1.1.6" in before
    place.apply(slice_of("10.1.1.6", "10.1.1.7"))
    assert place.rules() == before

    monitor = subprocess.Popen(place.enter + ["nft", "monitor"], stdout=subprocess.PIPE, text=True)
    second = place.agent()
    assert eventually(lambda: "10.1.1.7" in place.rules() and "10.1.1.5" not in place.rules())
    assert eventually(lambda: place.watermark() > 0)
    monitor.terminate()
    news = monitor.communicate()[0]
    # What an agent tries out, it tries in a table of its own (hitless-...-probe).
    deleted = re.findall(r"delete (?:table|chain) inet (\S+)", news)
    assert [table for table in deleted if not table.endswith("-probe")] == [], "the successor must not tear the table down"

    second.terminate()
    assert second.wait(10) == 0
    assert "10.1.1.7" in place.rules(), "an orderly stop leaves the rules too"
    place.run(HITLESS, "agent", "--cleanup")
    assert place.rules() == ""


def test_a_container_restart_passes_the_gate(place):
    place.agent()
    place.apply(NODE)
    assert eventually(lambda: '"synced":true' in place.ask("/v1/watermark"))
    assert "no pod of this node" in place.ask("/v1/gate/nobody")
    assert "hitless_gate_wait_seconds_count{reason=\"UnknownPod\"} 1" in place.ask("/metrics")

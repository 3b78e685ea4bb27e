"""`hitless doctor --dump` and `hitless doctor trace`, as a person calls them."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))
EXAMPLE = ROOT / "docs/examples/dumps/node.save"
CLIENT, WEB, DB, NODE = "10.244.3.3", "10.96.0.20", "10.96.0.30", "192.0.2.1"


def doctor(*arguments, text=None, prefix=()):
    return subprocess.run([*prefix, HITLESS, "doctor", *arguments], input=text, text=True,
                          capture_output=True, timeout=60)


def trace(*arguments, **options):
    done = doctor("trace", "-o", "json", *arguments, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_dump_tells_repetitions_owners_and_cost():
    done = doctor("--dump", str(EXAMPLE), "-o", "json")
    assert done.returncode == 2, done.stderr
    told = json.loads(done.stdout)
    assert (told["rules"], told["distinct"], told["canGo"]) == (30, 26, 4)
    assert told["owners"] == {"kube-proxy": 18, "kube-router": 12}
    assert [chain["chain"] for chain in told["repetitions"]] == ["KUBE-ROUTER-INPUT"]
    assert told["repetitions"][0]["top"][0]["firstLine"] == 48


def test_a_dump_from_standard_input_without_repetitions_is_fine():
    done = doctor("--dump", "-", text="*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n")
    assert done.returncode == 0, done.stderr
    assert "no rule comes twice" in done.stdout


@pytest.mark.parametrize("text, complaint", [("-A INPUT -j DROP\n", "line 1"), ("*filter\n-A INPUT\n", "cut off")])
def test_what_is_no_dump_is_said_with_its_line(text, complaint):
    done = doctor("--dump", "-", text=text)
    assert done.returncode == 1
    assert complaint in done.stderr


def test_a_trace_leads_to_a_pod_behind_the_service():
    told = trace("--dump", str(EXAMPLE), "--node", NODE, "--from", CLIENT, "--to", WEB, "--port", "80")
    assert (told["verdict"], told["sure"]) == ("accept", True)
    assert (told["destination"], told["destinationPort"]) == ("10.244.1.2", 8080)
    assert [step["oneOf"] for step in told["steps"] if "oneOf" in step] == [2]


def test_a_trace_names_what_a_set_may_decide():
    told = trace("--dump", str(EXAMPLE), "--node", NODE, "--from", CLIENT, "--to", DB, "--port", "5432")
    assert not told["sure"]
    assert [(rule["chain"], rule["number"]) for rule in told["alternatives"]] == [
        ("KUBE-POD-FW-DB1", 2), ("KUBE-POD-FW-DB1", 3)]


def test_a_trace_counts_the_rules_of_the_incident():
    rule = "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"a b\" -j RETURN\n"
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j KUBE-ROUTER-INPUT\n" + 100_000 * rule + "COMMIT\n"
    told = trace("--dump", "-", "--node", NODE, "--from", CLIENT, "--to", NODE, "--port", "22", text=text)
    assert told["rulesPassed"] == 100_001
    assert told["verdict"] == "accept"


def test_a_trace_through_the_kernels_own_rules():
    """Both back-ends of iptables and hitless's own table, in a namespace of their own."""
    script = """
        set -e
        ip link set lo up
        ip link add d0 type veth peer name d1
        ip addr add 10.9.0.1/24 dev d0
        ip link set d0 up
        iptables-nft -A INPUT -p tcp --dport 22 -j DROP
        XTABLES_LOCKFILE=$(mktemp -u) iptables-legacy -A INPUT -p tcp --dport 23 -j REJECT
        nft add table inet hitless-policy
        nft add chain inet hitless-policy in '{ type filter hook input priority 0; }'
        nft add rule inet hitless-policy in tcp dport 24 drop
        exec "$@"
    """
    prefix = ("unshare", "--user", "--map-root-user", "--net", "bash", "-c", script, "bash")
    decided = {}
    for port in ("22", "23", "24", "25"):
        told = trace("--from", "10.9.0.7", "--to", "10.9.0.1", "--port", port, prefix=prefix)
        by = told["decidedBy"] or {"source": "", "table": ""}
        decided[port] = (told["verdict"], by["source"], by["table"])
    assert decided == {"22": ("drop", "nft", "filter"), "23": ("reject", "legacy", "filter"),
                       "24": ("drop", "nft", "inet hitless-policy"), "25": ("accept", "", "")}


def test_a_trace_that_makes_no_sense_says_why():
    done = doctor("trace", "--dump", str(EXAMPLE), "--from", "10.0.0.1", "--to", "fd00::1", "--port", "80")
    assert done.returncode == 1
    assert "families" in done.stderr

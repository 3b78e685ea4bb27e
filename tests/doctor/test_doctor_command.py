"""hitless doctor as a person uses it, on nodes that are network namespaces of the test's own."""
import json
import os
import pathlib
import select
import stat
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))
BLOWUP = ROOT / "scenarios/iptables-blowup/blowup.py"

# What these see depends on what else the machine is doing.
BUSY = "--skip softnet,rule-cost"

# A bridge with a pod on it, as a CNI plugin makes it, on a node that does not forward.
POD = """
ip link set lo up
ip link add cni0 type bridge
ip address add 10.244.1.1/24 dev cni0
ip link set cni0 up
unshare --net sleep infinity & pod=$!
trap 'kill $pod' EXIT
while [ "$(readlink /proc/$pod/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
ip link add veth0 master cni0 type veth peer name eth0 netns $pod
ip link set veth0 up
nsenter --net=/proc/$pod/ns/net sh -c 'ip address add 10.244.1.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.244.1.1'
echo 0 > /proc/sys/net/ipv4/ip_forward
"""


def on_a_node(script, **more):
    """The script as root of a namespace of its own; `hitless` is the program."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    prelude = f"set -e; mount -t tmpfs tmpfs /run; hitless() {{ {HITLESS} \"$@\"; }}; "
    return subprocess.run(["unshare", *user, "--net", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c", prelude + script],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100, check=False, **more)


def test_a_healthy_node_has_nothing_wrong():
    done = on_a_node(f"ip link set lo up; hitless doctor {BUSY} -o json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["findings"] == [] and report["checks"] > 15


def test_a_fault_is_found_repaired_and_taken_back(tmp_path):
    undo = tmp_path / "undo"
    done = on_a_node(f"""{POD}
    hitless doctor --only ip-forward && exit 90 || [ $? = 3 ]
    hitless doctor --fix ip-forward --yes --undo-file {undo}
    [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
    hitless doctor --only ip-forward
    hitless doctor --undo {undo}
    [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
    """)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "critical ip-forward" in done.stdout and "set net/ipv4/ip_forward to 1" in done.stdout
    assert "ip_forward" in undo.read_text() and stat.S_IMODE(undo.stat().st_mode) == 0o600


def test_nothing_is_changed_unless_somebody_says_so():
    done = on_a_node(f"""{POD}
    hitless doctor --fix </dev/null && exit 90 || [ $? = 1 ]
    echo n | script --quiet --return --command '{HITLESS} doctor --fix' /dev/null && exit 91 || [ $? = 1 ]
    cat /proc/sys/net/ipv4/ip_forward
    """)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nobody is here to ask" in done.stderr and "nothing was changed" in done.stdout
    assert done.stdout.splitlines()[-1] == "0"


def test_a_bundle_says_the_same_elsewhere(tmp_path):
    bundle = tmp_path / "node.tar.gz"
    live = on_a_node(f"{POD} hitless doctor --bundle {bundle} >&2; hitless doctor {BUSY} -o json || true")
    assert live.returncode == 0, live.stderr
    elsewhere = subprocess.run([HITLESS, "doctor", *BUSY.split(), "--read-bundle", bundle, "-o", "json"], stdout=subprocess.PIPE, text=True, check=False)
    assert elsewhere.returncode == 3
    known = [(finding["check"], finding["subject"]) for finding in json.loads(live.stdout)["findings"]]
    assert ("ip-forward", "net/ipv4/ip_forward") in known
    assert [(finding["check"], finding["subject"]) for finding in json.loads(elsewhere.stdout)["findings"]] == known


def test_a_bundle_holds_no_secrets(tmp_path):
    bundle = tmp_path / "node.tar.gz"
    environment = dict(os.environ, SECRET="in-the-environment")
    made = on_a_node(f"exec -a program-with-argument bash -c 'sleep 1000' in-the-arguments & "
                     f"hitless doctor --bundle {bundle}; kill %1", env=environment)
    assert made.returncode == 0, made.stdout + made.stderr
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    with tarfile.open(bundle) as archive:
        texts = {member.name: archive.extractfile(member).read().decode(errors="replace") for member in archive.getmembers()}
    assert any(name.endswith("kernel/processes.json") for name in texts)
    for name, text in texts.items():
        assert "in-the-arguments" not in text and "in-the-environment" not in text, name


def test_watching_tells_what_grows(tmp_path):
    script = tmp_path / "node.sh"
    script.write_text(f"""
    nft add table ip filter; nft add chain ip filter KUBE-ROUTER-INPUT
    {HITLESS} doctor --watch 100ms & watch=$!
    read go
    for i in $(seq 40); do nft add rule ip filter KUBE-ROUTER-INPUT ip saddr 10.0.0.$i return; done
    read go
    kill -INT $watch; wait $watch
    """)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    node = subprocess.Popen(["unshare", *user, "--net", "bash", "-e", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert "watching" in node.stdout.readline()
    node.stdin.write("\n")
    node.stdin.flush()
    assert select.select([node.stdout], [], [], 60)[0]
    line = node.stdout.readline()
    assert "ip filter KUBE-ROUTER-INPUT: rules and references" in line and " a minute" in line
    node.stdin.write("\n")
    node.stdin.close()
    assert node.wait(60) == 0
    node.stdout.close()


@pytest.mark.parametrize("words, says", [
    (["--only", "ip-foward"], "did you mean ip-forward?"),
    (["--read-bundle", "/no/such/file"], "/no/such/file"),
    (["--undo", "/no/such/file"], "/no/such/file"),
    (["--undo", "/etc/passwd"], "undo file"),
    (["--read-bundle", "/etc/passwd"], "bundle"),
    (["--watch", "soon"], "not a duration"),
    (["--fix", "-o", "json"], "leave"),
    (["--dump", "/no/such/file"], "/no/such/file"),
    (["trace", "--from", "nowhere", "--to", "10.0.0.1", "--port", "80"], "nowhere"),
])
def test_bad_orders_are_refused_with_the_reason(words, says):
    done = subprocess.run([HITLESS, "doctor", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode not in (0, 2, 3) and says in done.stdout, done.stdout


@pytest.mark.parametrize("backend", ["legacy", "nft"])
def test_the_incident_in_small(backend, tmp_path):
    """All of scenarios/iptables-blowup with 6,000 rules: found, repaired without a gap, nothing lost that had to stay."""
    results = tmp_path / "results.json"
    done = subprocess.run([sys.executable, str(BLOWUP), "--backend", backend, "--rules", "6000", "--limit", "30", "--json", str(results)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False,
                          env=dict(os.environ, HITLESS=HITLESS))
    assert done.returncode == 0, done.stdout
    result = json.loads(results.read_text())[0]
    assert len(result["rulesLeft"]) == 6 and result["during"]["lost"] == 0 and result["during"]["forbiddenArrived"] == 0

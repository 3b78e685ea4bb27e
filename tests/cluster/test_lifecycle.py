"""What a cluster leaves on the host: nothing, however it ends."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from embedded import HITLESS, SCENARIOS, Cluster, cluster_processes, eventually


def host_state():
    """Everything of the host's network and mounts that a cluster could have touched."""
    commands = {
        "addresses": ["ip", "-o", "addr"],
        "routes": ["ip", "route", "show", "table", "all"],
        "namespaces": ["ip", "netns"],
        "nftables": ["nft", "list", "ruleset"],
        "iptables": ["iptables-save"],
        "forwarding": ["cat", "/proc/sys/net/ipv4/ip_forward"],
    }
    state = {}
    for name, command in commands.items():
        done = subprocess.run(command, capture_output=True, text=True)
        # iptables-save heads its output with the time.
        state[name] = [line for line in done.stdout.splitlines() if not line.startswith("#")]
        state[name] = [line.split(" valid_lft")[0] for line in state[name]]
    state["mounts"] = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return state


@pytest.fixture
def untouched_host():
    before, processes = host_state(), set(cluster_processes())
    yield
    eventually(lambda: set(cluster_processes()) <= processes, what="the end of every process of the cluster")
    after = host_state()
    for name, value in before.items():
        assert after[name] == value, name


def test_down_leaves_nothing(untouched_host):
    cluster = Cluster("--nodes", "2", "-f", str(SCENARIOS / "deployment-service"))
    assert len(cluster_processes()) > 5
    cluster.hitless("down")
    assert os.listdir(cluster.directory) == []
    cluster.down()


@pytest.mark.parametrize("victims", [["init"], ["monitor"], ["monitor", "init"]])
def test_a_crash_leaves_nothing(untouched_host, victims):
    cluster = Cluster("--nodes", "2", "-f", str(SCENARIOS / "deployment-service"))
    # Stopped first: none may act on the end of another, as if it had been alone.
    for sent in (signal.SIGSTOP, signal.SIGKILL):
        for victim in victims:
            os.kill(cluster.info[victim]["pid"], sent)
    if victims == ["monitor", "init"]:
        cluster.hitless("down")
    eventually(lambda: not os.path.exists(f"{cluster.directory}/default"), what="an empty run directory")
    cluster.down()


def test_foreground_ends_with_its_terminal(untouched_host):
    directory = tempfile.mkdtemp(prefix="hitless-test-")
    process = subprocess.Popen([HITLESS, "up", "--foreground"], stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, HITLESS_RUN_DIR=directory))
    while "stops it" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    eventually(lambda: not os.path.exists(f"{directory}/default"), what="the cluster's end")
    shutil.rmtree(directory, ignore_errors=True)


def test_a_second_cluster_needs_a_name(cluster):
    refused = cluster.hitless("up", check=False)
    assert refused.returncode == 1
    assert "is running already" in refused.stderr and "--name" in refused.stderr
    cluster.hitless("up", "--name", "second")
    cluster.hitless("down", "--name", "second")


def test_bad_manifests_start_no_cluster(tmp_path):
    (tmp_path / "bad.yaml").write_text("kind: Pod\nmetadata: [\n")
    directory = tempfile.mkdtemp(prefix="hitless-test-")
    done = subprocess.run([HITLESS, "up", "-f", str(tmp_path)], capture_output=True, text=True,
                          env=dict(os.environ, HITLESS_RUN_DIR=directory))
    assert done.returncode == 1
    assert "bad.yaml:" in done.stderr
    assert not os.path.exists(f"{directory}/default")
    shutil.rmtree(directory)


def test_an_unknown_field_names_its_manifest(cluster, tmp_path):
    (tmp_path / "web.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
                                       "spec: {prots: [{port: 80}]}\n")
    done = subprocess.run([HITLESS, "up", "--name", "third", "-f", str(tmp_path)], capture_output=True, text=True,
                          env=cluster.environment)
    cluster.hitless("down", "--name", "third")
    assert done.returncode == 1
    assert "web.yaml:1" in done.stderr and "prots" in done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody else")
def test_an_ordinary_user_needs_no_root(untouched_host):
    directory = tempfile.mkdtemp(prefix="hitless-test-")
    os.chmod(directory, 0o777)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    if subprocess.run(nobody + ["unshare", "-U", "true"], capture_output=True).returncode != 0:
        pytest.skip("user namespaces are forbidden here")
    if subprocess.run(nobody + ["test", "-x", HITLESS]).returncode != 0:
        pytest.skip("the build folder is not readable for others")
    cluster = Cluster("--nodes", "2", "-f", str(SCENARIOS / "deployment-service"), prefix=nobody, directory=directory)
    answer = cluster.run("curl", "-s", "-m", "5", "http://web.default/")
    assert "web-" in answer.stdout
    cluster.hitless("down")
    cluster.down()

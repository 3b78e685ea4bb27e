"""One agent and an API server in a network namespace of their own: from kubectl to the kernel."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HITLESS = os.environ.get("HITLESS", str(ROOT / "build/hitless"))
KUBECTL = shutil.which("kubectl")

NODE = """
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDR: 10.1.1.0/24, podCIDRs: [10.1.1.0/24]}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080, protocol: TCP}]
endpoints:
"""


def slice_of(*addresses):
    return SLICE + "".join(f'- {{addresses: ["{address}"], conditions: {{ready: true}}}}\n' for address in addresses)


def eventually(check, timeout=20):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.02)
    return False


class Place:
    """A network namespace with loopback, an API server in it, and the agents that a test starts."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="hitless-agent-test-"))
        self.processes = []
        self.holder = subprocess.Popen(["unshare", "-rn", "sh", "-c", "ip link set lo up; echo up; exec sleep 600"],
                                       stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "up\n"
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-U", "-n", "--preserve-credentials"]
        api = self.start("apiserver", "--listen", "127.0.0.1:0", "--dir", str(self.directory / "api"),
                         "--token", "secret", stdout=subprocess.PIPE, text=True)
        assert api.stdout.readline().startswith("serving ")
        self.kubeconfig = str(self.directory / "api/kubeconfig")
        self.timeline = str(self.directory / "timeline")

    def start(self, *arguments, **options):
        process = subprocess.Popen(self.enter + [HITLESS, *arguments], **options)
        self.processes.append(process)
        return process

    def agent(self):
        return self.start("agent", "--node-name", "n1", "--kubeconfig", self.kubeconfig, "--timeline", self.timeline)

    def run(self, *command, stdin=None):
        return subprocess.run(self.enter + list(command), input=stdin, text=True, capture_output=True, check=True).stdout

    def apply(self, manifest):
        self.run(KUBECTL, "--kubeconfig", self.kubeconfig, "apply", "--validate=false", "-f", "-", stdin=manifest)

    def rules(self):
        done = subprocess.run(self.enter + ["nft", "list", "table", "inet", "hitless"], text=True, capture_output=True)
        return done.stdout

    def ask(self, path):
        done = subprocess.run(self.enter + ["curl", "-s", f"http://127.0.0.1:9470{path}"], text=True, capture_output=True)
        return done.stdout

    def watermark(self):
        return json.loads(self.ask("/v1/watermark") or '{"watermark": 0}')["watermark"]

    def commits(self):
        return [e for e in map(json.loads, open(self.timeline)) if e["what"] == "rules.committed"]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.holder.kill()
        self.holder.wait()
        shutil.rmtree(self.directory)


@pytest.fixture
def place():
    place = Place()
    yield place
    place.close()


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
    assert "delete table" not in news and "delete chain" not in news, "the successor must not tear the table down"

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

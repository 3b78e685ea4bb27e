"""One agent and an API server in a network namespace of their own."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

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
        self.api = api = self.start("apiserver", "--listen", "127.0.0.1:0", "--dir", str(self.directory / "api"),
                                    "--token", "secret", stdout=subprocess.PIPE, text=True)
        assert api.stdout.readline().startswith("serving ")
        self.kubeconfig = str(self.directory / "api/kubeconfig")
        self.timeline = str(self.directory / "timeline")
        self.log = str(self.directory / "agent.log")
        self.pod_socket = str(self.directory / "agent.sock")

    def start(self, *arguments, **options):
        process = subprocess.Popen(self.enter + [HITLESS, *arguments], **options)
        self.processes.append(process)
        return process

    def agent(self, *arguments, **options):
        return self.start("agent", "--node-name", "n1", "--kubeconfig", self.kubeconfig, "--timeline", self.timeline,
                          "--pod-socket", self.pod_socket, *arguments, **options)

    def logged_agent(self, *arguments):
        """An agent whose log is in self.log."""
        return self.agent(*arguments, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)

    def said(self):
        return open(self.log).read() if os.path.exists(self.log) else ""

    def start_program(self, *command):
        process = subprocess.Popen(self.enter + list(command))
        self.processes.append(process)
        return process

    def attempt(self, *arguments, before=()):
        """Runs a command of hitless to its end, whatever that is; `before` is what execs it."""
        return subprocess.run(self.enter + [*before, HITLESS, *arguments], text=True, capture_output=True, timeout=60)

    def run(self, *command, stdin=None):
        return subprocess.run(self.enter + list(command), input=stdin, text=True, capture_output=True, check=True).stdout

    def apply(self, manifest):
        self.run(KUBECTL, "--kubeconfig", self.kubeconfig, "apply", "--validate=false", "-f", "-", stdin=manifest)

    def rules(self):
        done = subprocess.run(self.enter + ["nft", "list", "table", "inet", "hitless"], text=True, capture_output=True)
        return done.stdout

    def ask(self, path, address="127.0.0.1:9470"):
        done = subprocess.run(self.enter + ["curl", "-s", "-m", "5", f"http://{address}{path}"], text=True,
                              capture_output=True)
        return done.stdout

    def status(self, path, address="127.0.0.1:9470"):
        """The HTTP status; 0 if nobody answers."""
        done = subprocess.run(self.enter + ["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                                            f"http://{address}{path}"], text=True, capture_output=True)
        return int(done.stdout)

    def metric(self, name, address="127.0.0.1:9470"):
        """The value of a sample; nothing if it is not there."""
        for line in self.ask("/metrics", address).splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return None

    def nft(self, *words):
        return self.run("nft", *words)

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

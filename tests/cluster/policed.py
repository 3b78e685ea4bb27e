"""Pods under NetworkPolicies, and what one of them may reach."""
import json
import os
import subprocess
import uuid

from embedded import eventually

# What a connection to each HOST:PORT comes to: "ok", "refused" (at once) or "no answer".
PROBE = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        print("ok")
    except ConnectionRefusedError:
        print("refused")
    except OSError as error:
        print("no answer" if isinstance(error, TimeoutError) else error)
"""


class Pod:
    """A pod whose first container runs until it is told to end, and the way into its network."""

    def __init__(self, cluster, namespace, name):
        self.cluster, self.namespace, self.name = cluster, namespace, name
        self.address = self.pid = None

    def start(self, node, labels, containers, **spec):
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name, "namespace": self.namespace, "labels": labels},
            "spec": {"nodeName": node, "terminationGracePeriodSeconds": 1, "containers": containers, **spec}}))
        return self

    def ready(self):
        self.cluster.kubectl("wait", "-n", self.namespace, "--for=condition=Ready", f"pod/{self.name}", "--timeout=60s")
        self.address = self.cluster.get("pod", "-n", self.namespace, self.name)["status"]["podIP"]
        self.pid = eventually(lambda: process_of(self.name), what=f"a process of {self.name}")
        return self

    def enter(self, *command):
        own_user = os.readlink(f"/proc/{self.pid}/ns/user") == os.readlink("/proc/self/ns/user")
        return ["nsenter", "-t", str(self.pid), "-n", *([] if own_user else ["-U", "--preserve-credentials"]), *command]

    def run(self, *command):
        return subprocess.run(self.enter(*command), text=True, capture_output=True, check=True, timeout=60).stdout

    def python(self, program, *arguments):
        """A program in the pod's network, which is talked to by lines."""
        return subprocess.Popen(self.enter("/usr/bin/python3", "-I", "-S", "-c", program, *arguments), text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def reaches(self, *targets):
        return self.run("/usr/bin/python3", "-I", "-S", "-c", PROBE, *targets).split("\n")[:-1]

    def log(self):
        return self.cluster.kubectl("logs", "-n", self.namespace, self.name).stdout


def process_of(pod):
    """A process whose host name is the pod's; names are used once (see fresh())."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"HOSTNAME={pod}\0".encode() in open(f"/proc/{entry}/environ", "rb").read():
                return int(entry)
        except OSError:
            continue
    return None


def fresh(stem):
    """A name that no other pod of this machine has, in whatever cluster."""
    return f"{stem}-{uuid.uuid4().hex[:8]}"


def namespaces(cluster, *names):
    cluster.kubectl("apply", "-f", "-", stdin="---\n".join(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}\n"
                                                           for name in names))


def server(name, port):
    return {"name": name, "image": "hitless-testapp", "args": [f"--port={port}"],
            "ports": [{"name": name, "containerPort": port}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 1}}


def policy(name, namespace, selector, **spec):
    types = [kind for kind in ("Ingress", "Egress") if kind.lower() in spec]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace},
            "spec": {"podSelector": selector, "policyTypes": types, **spec}}


def labelled(**labels):
    return {"matchLabels": labels}

"""`hitless webhook` against an API server, as that would ask it."""
import base64
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/api"))

from server import HITLESS, eventually  # noqa: E402

NAME = "hitless-webhook.hitless.svc"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hitless-webhook"
SECRET = "/api/v1/namespaces/hitless/secrets/hitless-webhook-tls"
POD = {"metadata": {"generateName": "web-"}, "spec": {"containers": [{"name": "app", "image": "web"}]}}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Webhook:
    """One replica."""

    def __init__(self, server, *arguments, log=subprocess.DEVNULL):
        self.server = server
        self.port, self.health_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [HITLESS, "webhook", "--kubeconfig", server.kubeconfig, "--bind-address", "127.0.0.1",
             "--port", str(self.port), "--health-port", str(self.health_port), *arguments],
            stdout=log, stderr=log)

    def get(self, path):
        """Status and text of a health page; (0, "") while it does not listen."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self):
        eventually(lambda: self.get("/readyz")[0] == 200, what="a ready webhook")
        return self

    def trust(self):
        """The CA certificates that the configuration tells API servers to trust."""
        (webhook,) = self.server.call("GET", CONFIGURATION)[1]["webhooks"]
        return base64.b64decode(webhook["clientConfig"]["caBundle"]).decode()

    def connect(self, trust=None):
        """A connection as of an API server: it believes the caBundle alone."""
        context = ssl.create_default_context(cadata=trust or self.trust())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 10),
                                              server_hostname=NAME)
        return connection

    def ask(self, pod, connection=None, **request):
        """The response to an AdmissionReview about a pod that is being made."""
        connection = connection or self.connect()
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "0a1b", "operation": "CREATE", "namespace": "default", "object": pod,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}, **request}}
        connection.request("POST", "/mutate?timeout=2s", json.dumps(review), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        response = json.loads(body)["response"]
        assert response["uid"] == "0a1b" and response["allowed"]
        return response

    def number(self, metric):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(metric + " "):
                return float(line.split()[1])

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def patch_of(response):
    return json.loads(base64.b64decode(response["patch"]))

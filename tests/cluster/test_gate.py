"""What the gate does for users, seen through kubectl: opt-outs, hooks of their own, waiting for quiet."""
import json
import re
import subprocess

import pytest

from embedded import HITLESS, eventually

SERVER = r"""
import http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # Process 1 has no default actions.
class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
http.server.ThreadingHTTPServer(("", 8080), Slow).serve_forever()
"""
CLIENT = r"""
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], 8080, timeout=30)
connection.request("GET", "/")
connection.getresponse().read()
print(connection.sock.getsockname()[0], flush=True)
sys.stdin.readline()
connection.close()
"""


def make(cluster, name, annotations=None, grace=30, namespace="default", **container):
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}, "annotations": annotations or {}},
        "spec": {"terminationGracePeriodSeconds": grace,
                 "containers": [{"name": "c", "image": "none", "command": ["/bin/sleep", "600"], **container}]}}))
    return eventually(lambda: (lambda pod: pod if pod["status"].get("podIP") and pod["status"]["phase"] == "Running"
                               else None)(cluster.get("pod", name, "-n", namespace)), what=f"pod {name} running")


def events(cluster, name, reason=None):
    return [event["message"] for event in cluster.get("events")["items"]
            if event["involvedObject"]["name"] == name and reason in (None, event["reason"])]


def hook_of(pod):
    return pod["spec"]["containers"][0].get("lifecycle", {}).get("preStop")


def test_a_namespace_and_a_pod_opt_out(cluster):
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "batch"}}))
    cluster.kubectl("label", "namespace", "batch", "hitless.io/gate=off")
    assert hook_of(make(cluster, "out", namespace="batch")) is None
    assert hook_of(make(cluster, "back", {"hitless.io/gate": "on"}, namespace="batch")) is not None
    assert hook_of(make(cluster, "not-me", {"hitless.io/gate": "off"})) is None
    assert hook_of(make(cluster, "me")) is not None
    for name, namespace in (("out", "batch"), ("back", "batch"), ("not-me", "default"), ("me", "default")):
        cluster.kubectl("delete", "pod", name, "-n", namespace, "--grace-period=1")


def test_a_hook_of_the_users_is_told_of_and_may_be_replaced(cluster):
    sleep = {"lifecycle": {"preStop": {"exec": {"command": ["/bin/sleep", "1"]}}}}
    make(cluster, "kept", **sleep)
    described = eventually(lambda: (lambda text: text if "GateNotInjected" in text else None)(
        cluster.kubectl("describe", "pod", "kept").stdout), what="the Event about the hook")
    assert "container c has a preStop hook of its own" in described
    assert hook_of(make(cluster, "replaced", {"hitless.io/pre-stop": "replace"}, **sleep))["httpGet"]["port"] == 9470
    for name in ("kept", "replaced"):
        cluster.kubectl("delete", "pod", name, "--grace-period=1")
    assert len(events(cluster, "kept", "GateNotInjected")) == 1
    assert not events(cluster, "replaced", "GateNotInjected")


def test_a_hook_of_the_users_asks_the_gate_itself(cluster, tmp_path):
    told = tmp_path / "told"
    tmp_path.chmod(0o777)
    hook = "curl -s http://$HOST_IP:9470/v1/gate/self > /told/told"
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "asks"},
        "spec": {"selector": {"app": "asks"}, "ports": [{"port": 80}]}}))
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asks", "labels": {"app": "asks"}},
        "spec": {"volumes": [{"name": "told", "hostPath": {"path": str(tmp_path)}}], "containers": [{
            "name": "c", "image": "none", "command": ["/bin/sleep", "600"],
            "volumeMounts": [{"name": "told", "mountPath": "/told"}],
            "env": [{"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}],
            "lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", hook]}}}}]}}))
    eventually(lambda: cluster.get("endpoints", "asks")["subsets"][0]["addresses"], what="the endpoint")
    assert hook_of(cluster.get("pod", "asks"))["exec"]
    cluster.kubectl("delete", "pod", "asks", "--grace-period=20", "--timeout=40s")
    text = told.read_text()
    assert "3 of 3 nodes removed the endpoint" in text, text
    assert events(cluster, "asks", "GatePassed") and not events(cluster, "asks", "GateNotInjected")
    cluster.kubectl("delete", "service", "asks")


@pytest.fixture
def client(cluster):
    """Connects to an address and keeps the connection until its input ends."""
    started = []

    def connect(ip):
        process = subprocess.Popen(cluster.prefix + [HITLESS, "run", "--", "python3", "-c", CLIENT, ip],
                                   env=cluster.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        address = process.stdout.readline().strip()
        assert address, "the client did not connect"
        return process, address

    yield connect
    for process in started:
        process.kill()
        process.wait()


def serve(cluster, name, wish):
    pod = make(cluster, name, {"hitless.io/wait-for-quiet": wish}, grace=60, command=["python3", "-c", SERVER],
               readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1})
    eventually(lambda: any(condition["type"] == "Ready" and condition["status"] == "True"
                           for condition in cluster.get("pod", name)["status"]["conditions"]), what="a ready server")
    return pod["status"]["podIP"]


def is_left(address, text):
    """Beside the client's, a readiness probe's connection may be there at that moment."""
    return re.search(rf"connections? (is|are) left: .*\b1 from {re.escape(address)}\b", text)


def test_sigterm_waits_until_the_last_client_has_gone(cluster, client):
    held, address = client(serve(cluster, "quiet", "true"))
    cluster.kubectl("delete", "pod", "quiet", "--wait=false")
    (text,) = eventually(lambda: events(cluster, "quiet", "GateHeld"), what="what it waits for")
    assert is_left(address, text) and "SIGTERM is held for" in text
    described = cluster.kubectl("describe", "pod", "quiet").stdout
    assert "Terminating" in described and "GateHeld" in described
    assert cluster.get("pod", "quiet")["status"]["phase"] == "Running", "no SIGTERM so far"
    held.communicate("\n", timeout=10)
    (text,) = eventually(lambda: events(cluster, "quiet", "GatePassed"), what="the end of the wait")
    assert "the last connection ended" in text and "s of 60 s grace left" in text
    cluster.kubectl("wait", "--for=delete", "pod/quiet", "--timeout=30s")


def test_the_wait_for_quiet_is_bounded(cluster, client):
    held, address = client(serve(cluster, "bounded", "2s"))
    cluster.kubectl("delete", "pod", "bounded", "--timeout=40s")
    (text,) = events(cluster, "bounded", "GateTimedOut")
    assert is_left(address, text) and "time used up" in text
    assert held.poll() is None, "the client never let go"

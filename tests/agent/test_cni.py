"""The CNI plugin against a real agent, and against servers that are no agents."""
import json
import os
import pathlib
import socket
import stat
import subprocess
import threading

import pytest

from place import HITLESS, ROOT, eventually

EXAMPLE = json.loads((ROOT / "docs/examples/cni/10-pods.conflist").read_text())
PREVIOUS = {"cniVersion": "1.0.0", "interfaces": [{"name": "cni0"}, {"name": "eth0", "sandbox": "/run/netns/x"}],
            "ips": [{"address": "10.244.1.7/24", "gateway": "10.244.1.1", "interface": 1}],
            "dns": {"search": ["shop.svc"]}}
ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1"


def plugin(place, command, stdin="", program=None, **variables):
    """Calls the plugin as a container runtime does; the link is how it is found by name."""
    link = place.directory / "hitless-cni"
    if not link.exists():
        link.symlink_to(os.path.abspath(HITLESS))
    environment = dict(os.environ, CNI_CONTAINERID="abc", CNI_NETNS="/run/netns/x", CNI_IFNAME="eth0",
                       CNI_ARGS=ARGS, CNI_PATH=str(place.directory), **variables)
    if command:
        environment["CNI_COMMAND"] = command
    done = subprocess.run(program or [str(link)], input=stdin if isinstance(stdin, (str, bytes)) else json.dumps(stdin),
                          env=environment, capture_output=True, text=not isinstance(stdin, bytes), timeout=60)
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def network(place, version="1.0.0", previous=PREVIOUS, **more):
    """The plugin's part of the example, as the runtime hands it over."""
    config = dict(EXAMPLE["plugins"][1], cniVersion=version, name=EXAMPLE["name"])
    config.update({"agentSocket": place.pod_socket, "timeout": "10s", **more})
    if previous is not None:
        config["prevResult"] = previous
    return config


def error(place, command, stdin, **variables):
    status, answer = plugin(place, command, stdin, **variables)
    assert status == 1, answer
    return answer


@pytest.fixture
def agent(place):
    place.logged_agent()
    assert eventually(lambda: os.path.exists(place.pod_socket))
    return place


def test_a_chain_gets_the_result_of_the_plugins_before(agent):
    config = network(agent)
    assert plugin(agent, "ADD", config) == (0, PREVIOUS)
    assert plugin(agent, "ADD", config, program=[HITLESS, "cni"]) == (0, PREVIOUS)
    assert plugin(agent, "CHECK", config) == (0, None)
    assert plugin(agent, "STATUS", network(agent, "1.1.0", None)) == (0, None)
    claims = agent.directory / "agent.claims.json"
    for valid, left in (["abc"], ["web-1"]), ([], []):
        config = network(agent, "1.1.0", None, **{"cni.dev/valid-attachments": [{"containerID": id} for id in valid]})
        assert plugin(agent, "GC", config) == (0, None)
        assert [claim["name"] for claim in json.loads(claims.read_text())] == left


def test_a_claim_ends_with_its_container(agent):
    config = network(agent)
    assert plugin(agent, "ADD", config) == (0, PREVIOUS)
    claims = agent.directory / "agent.claims.json"
    assert json.loads(claims.read_text())[0]["addresses"] == ["10.244.1.7"]
    for _ in range(2):
        assert plugin(agent, "DEL", config) == (0, None)
        assert json.loads(claims.read_text()) == []
    assert stat.S_IMODE(os.stat(agent.pod_socket).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(agent.directory / "agent.claims.json").st_mode) == 0o600


@pytest.mark.parametrize("version", ["0.3.1", "0.4.0", "1.0.0", "1.1.0"])
def test_the_result_is_spelled_as_the_version_does(agent, version):
    status, result = plugin(agent, "ADD", network(agent, version))
    assert status == 0 and result["cniVersion"] == version
    assert result["ips"][0].get("version") == ("4" if version < "1" else None)
    assert result["dns"] == PREVIOUS["dns"]


def test_versions_are_told_without_an_agent(place):
    for stdin in ("", "garbage", '{"cniVersion": "0.4.0"}'):
        status, answer = plugin(place, "VERSION", stdin)
        assert status == 0
        assert answer["supportedVersions"] == ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]


@pytest.mark.parametrize("stdin, code", [("", 6), ("garbage", 6), (b"\x00\xff\xfe{", 6), ("[" * 100000, 6),
                                         ('{"cniVersion": "0.2.0"}', 1), ('{"cniVersion": "1.0.0"}', 7)])
def test_what_cannot_be_understood_is_refused_with_the_code_of_the_specification(agent, stdin, code):
    answer = error(agent, "ADD", stdin)
    assert answer["code"] == code and answer["msg"]


def test_the_environment_is_looked_at(agent):
    assert error(agent, None, "")["msg"] == "CNI_COMMAND is not set"
    assert "MEND" in error(agent, "MEND", network(agent))["msg"]
    status, answer = plugin(agent, "ADD", network(agent), program=[
        "env", "CNI_ARGS=IgnoreUnknown=1", HITLESS, "cni"])
    assert status == 1 and answer["code"] == 4 and "K8S_POD_NAME" in answer["msg"]
    bad = network(agent)
    bad["timeout"] = 30
    assert error(agent, "ADD", bad) == {"cniVersion": "1.0.0", "code": 2, "msg": "timeout: 30 is not a duration",
                                        "details": 'write it as "30s"'}


def test_without_an_agent_pods_wait_and_only_deletions_go_on(place):
    config = network(place, timeout="200ms")
    answer = error(place, "ADD", config)
    assert answer["code"] == 11
    assert place.pod_socket in answer["msg"] and "within 200 ms" in answer["msg"]
    assert answer["details"] == f"see whether it runs, and with --pod-socket {place.pod_socket}"
    assert error(place, "CHECK", config)["code"] == 11
    assert error(place, "STATUS", network(place, "1.1.0", None, timeout="200ms"))["code"] == 50
    assert plugin(place, "DEL", config) == (0, None)


def test_a_pod_waits_for_an_agent_that_is_starting(place):
    config = network(place)
    outcome = []
    waiting = threading.Thread(target=lambda: outcome.append(plugin(place, "ADD", config)))
    waiting.start()
    place.logged_agent()
    waiting.join()
    assert outcome == [(0, PREVIOUS)]


class Server:
    """Something that listens where an agent should: answers each request with the same bytes."""

    def __init__(self, path, answer):
        pathlib.Path(path).parent.mkdir(exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen()
        self.answer = answer
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                question = connection.recv(65536).decode()
                if question:  # An agent only looks whether anybody is there.
                    self.asked.append(question)
                    connection.sendall(self.answer)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def served(place, answer):
    server = Server(place.pod_socket, answer)
    try:
        return error(place, "ADD", network(place, timeout="300ms")), server.asked
    finally:
        server.close()


def test_the_agent_is_told_the_pod_and_says_why_it_must_wait(place):
    body = b'{"error": "nobody knows the pod", "hint": "see the API server"}'
    answer, asked = served(place, b"HTTP/1.1 503 x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert answer == {"cniVersion": "1.0.0", "code": 11, "msg": "nobody knows the pod", "details": "see the API server"}
    head, claim = asked[0].split("\r\n\r\n")
    assert head.startswith("POST /v1/pods/add HTTP/1.1\r\n")
    assert json.loads(claim) == {"namespace": "shop", "name": "web-1", "uid": "u-1", "sandbox": "abc",
                                 "network": "pods", "addresses": ["10.244.1.7"]}


@pytest.mark.parametrize("reply", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops"])
def test_a_strange_agent_lets_no_pod_in(place, reply):
    assert served(place, reply)[0]["code"] == 11


def test_an_agent_leaves_the_socket_of_another_alone(place):
    server = Server(place.pod_socket, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    place.logged_agent()
    assert eventually(lambda: f"another process listens on {place.pod_socket}" in place.said()), place.said()
    assert plugin(place, "ADD", network(place)) == (0, PREVIOUS)
    assert server.asked
    server.close()
    asked = len(server.asked)
    assert plugin(place, "ADD", network(place)) == (0, PREVIOUS), "the agent takes its place"
    assert len(server.asked) == asked


def test_an_agent_takes_the_place_of_one_that_was_killed(agent):
    agent.processes[-1].kill()
    agent.processes[-1].wait()
    assert stat.S_ISSOCK(os.stat(agent.pod_socket).st_mode), "it has had no time to remove its socket"
    agent.logged_agent()
    assert plugin(agent, "ADD", network(agent)) == (0, PREVIOUS)

"""The wire below the clients: HTTP, TLS, watches, limits."""
import http.client
import json
import random
import socket
import ssl

import pytest
from manifests import config_map
from server import ApiServer


def test_starts_fast_and_small(server):
    fresh = ApiServer()
    try:
        assert fresh.start_seconds < 1, "far above the target of 0.1 s, for slow machines"
        assert fresh.resident_kib() < 40 * 1024
    finally:
        assert fresh.stop() == 0


def test_the_authority_survives_a_restart(tmp_path):
    import subprocess
    from server import HITLESS
    seen = []
    for _ in range(2):
        process = subprocess.Popen([HITLESS, "apiserver", "--dir", str(tmp_path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        seen.append((tmp_path / "pki/ca.crt").read_text())
        process.terminate()
        process.communicate(timeout=10)
    assert seen[0] == seen[1]
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "pki/ca.key").stat().st_mode & 0o777 == 0o600


def test_needs_the_token(server):
    for header in ("Bearer wrong", "", "Basic c2VjcmV0"):
        status, body = server.call("GET", "/api/v1/pods", headers={"Authorization": header})
        assert (status, body["reason"]) == (401, "Unauthorized")
    with server.open("GET", "/readyz", headers={"Authorization": ""}) as response:
        assert response.read() == b"ok"


def test_refuses_what_it_cannot_read(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    status, body = server.call("POST", path, b"k8s\0\n\x0c", {"Content-Type": "application/vnd.kubernetes.protobuf"})
    assert status == 415 and "application/json, application/yaml" in body["message"]
    status, body = server.call("POST", path, json.dumps(config_map("big", a="x" * (4 << 20))).encode())
    assert (status, body["reason"]) == (413, "RequestEntityTooLarge")
    with server.open("GET", "/apis/nothing.example/v1/things") as response:
        assert response.status == 404 and response.read() == b"404 page not found\n"


def test_warns_of_unknown_fields(server, namespace):
    body = dict(config_map("w"), foo=1)
    with server.open("POST", f"/api/v1/namespaces/{namespace}/configmaps", body) as response:
        assert response.status == 201
        assert response.headers["Warning"] == '299 - "unknown field \\"foo\\""'


def test_watch_follows_selectors_and_resumes(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    status, first = server.call("POST", path, config_map("a"))
    merge = {"Content-Type": "application/merge-patch+json"}
    server.call("PATCH", path + "/a", {"metadata": {"labels": {"l": "x"}}}, merge)
    server.call("PATCH", path + "/a", {"metadata": {"labels": {"l": "y"}}}, merge)
    revision = first["metadata"]["resourceVersion"]
    events = server.watch(f"{path}?watch=1&labelSelector=l%3Dx&resourceVersion={revision}", 2)
    assert [event["type"] for event in events] == ["ADDED", "DELETED"]
    status, error = 200, server.watch(f"{path}?watch=1&resourceVersion=999999999", 1)[0]
    assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_watch_list_and_timeout(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    server.call("POST", path, config_map("a"))
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with server.open("GET", f"{path}?{query}&timeoutSeconds=1") as stream:
        events = [json.loads(line) for line in stream]
    types = [event["type"] for event in events]
    # The server's own periodic bookmark, one a minute for all watches, may fall into this second too.
    assert types[:2] == ["ADDED", "BOOKMARK"] and set(types[2:]) == {"BOOKMARK"}
    assert events[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_compacted_history_is_gone():
    small = ApiServer("--history", "5")
    try:
        for number in range(8):
            small.call("POST", "/api/v1/namespaces/default/configmaps", config_map(f"m{number}"))
        event = small.watch("/api/v1/configmaps?watch=1&resourceVersion=1", 1)[0]
        assert event["type"] == "ERROR" and event["object"]["code"] == 410
        assert event["object"]["message"].startswith("too old resource version: 1 (")
    finally:
        small.stop()


def test_many_watches_see_one_write(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    streams = [server.open("GET", f"{path}?watch=1") for _ in range(200)]
    server.call("POST", path, config_map("a"))
    for stream in streams:
        assert json.loads(stream.readline())["object"]["metadata"]["name"] == "a"
        stream.close()


def test_a_watcher_that_does_not_read_is_dropped(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((server.host, int(server.port)))
    stuck = server.tls.wrap_socket(raw, server_hostname="localhost")
    stuck.sendall(f"GET {path}?watch=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
    assert b"200 OK" in stuck.recv(4096)
    for number in range(40):
        status, _ = server.call("POST", path, config_map(f"m{number}", a="x" * 900_000))
        assert status == 201
    stuck.settimeout(20)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        while stuck.recv(1 << 20):
            pass
        raise ConnectionError("closed")
    for number in range(40):
        server.call("DELETE", f"{path}/m{number}")


def test_a_large_initial_state_is_no_backlog(server, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for number in range(25):  # More than a watcher may be behind.
        assert server.call("POST", path, config_map(f"m{number:02}", a="x" * 900_000))[0] == 201
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with server.open("GET", f"{path}?{query}") as stream:
        assert server.call("POST", path, config_map("news"))[0] == 201
        events = [json.loads(stream.readline()) for _ in range(27)]
    assert [event["type"] for event in events] == ["ADDED"] * 25 + ["BOOKMARK", "ADDED"]
    assert events[-1]["object"]["metadata"]["name"] == "news"
    for number in range(25):
        server.call("DELETE", f"{path}/m{number:02}")


def test_garbage_on_the_port_ends_only_that_connection(server):
    chance = random.Random(1)
    for length in (1, 5, 100, 20000):
        with socket.create_connection((server.host, int(server.port)), timeout=20) as connection:
            try:
                connection.sendall(bytes(chance.randrange(256) for _ in range(length)))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
            except OSError:  # It may have been closed at any of these points.
                pass
    assert server.call("GET", "/version")[0] == 200


def test_mutated_requests_never_stop_it(server, namespace):
    good = (f"POST /api/v1/namespaces/{namespace}/configmaps?dryRun=All HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {server.token}\r\nContent-Type: application/json\r\n"
            "Connection: close\r\nContent-Length: 65\r\n\r\n"
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"mutant"}}').encode()
    chance = random.Random(2)
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        with socket.create_connection((server.host, int(server.port)), timeout=20) as raw:
            with server.tls.wrap_socket(raw, server_hostname="localhost") as connection:
                try:
                    connection.sendall(bad)
                    connection.settimeout(0.2)
                    connection.recv(65536)
                except (OSError, ssl.SSLError):
                    pass
    assert server.process.poll() is None
    assert server.call("GET", "/version")[0] == 200


def test_stops_with_open_watches():
    busy = ApiServer()
    stream = busy.open("GET", "/api/v1/pods?watch=1")
    assert busy.stop() == 0
    with pytest.raises((http.client.IncompleteRead, OSError)):
        stream.read()

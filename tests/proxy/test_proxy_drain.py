"""How the proxy ends: each mode with a request under way and idle connections, as clients see it."""
import json
import threading
import time
import urllib.request

import pytest

from proxy_place import Proxy, Server, read_head
from test_proxy_http1 import answer, ask, read_response


class Held:
    """A server whose answers wait until they are let go."""

    def __init__(self):
        self.asked = threading.Event()
        self.go = threading.Event()
        self.server = Server(self.serve)

    def serve(self, connection):
        while True:
            head, _ = read_head(connection)
            if not head:
                return
            if b"/slow" in head:
                self.asked.set()
                assert self.go.wait(30)
            connection.sendall(answer(b"done"))

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.go.set()
        self.server.__exit__()


def begin_slow(proxy, held):
    client = proxy.connect()
    client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    assert held.asked.wait(10)
    return client


def test_requests_leaves_with_the_last_answer_although_connections_are_idle():
    with Held() as held, Proxy(held.server.port) as proxy:
        idle = proxy.connect()
        assert ask(idle, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0].status == 200
        client = begin_slow(proxy, held)
        proxy.terminate()
        proxy.line("drain: .* -> (NOTIFY|FINAL)")
        with proxy.connect() as late:  # who has not heard of it is served
            response, _ = ask(late, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (response.status, response.getheader("connection")) == (200, "close")
        assert idle.recv(10) == b""  # told at once
        assert proxy.process.poll() is None
        held.go.set()
        assert read_response(client)[1] == b"done"
        assert proxy.process.wait(10) == 0
        assert "0 cut" in proxy.line("drained: ")


def test_fixed_cuts_what_is_left():
    with Held() as held, Proxy(held.server.port, "--drain", "fixed:300ms") as proxy:
        client = begin_slow(proxy, held)
        proxy.terminate()
        assert client.recv(100) == b""
        assert proxy.process.wait(10) == 0
        assert "1 cut" in proxy.line("drained: ")
        proxy.line("/slow")


@pytest.mark.parametrize("how", [["--drain", "zero-connections:100ms"], "environment"])
def test_zero_connections_waits_for_idle_ones(how):
    env = {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "100ms"} if how == "environment" else None
    with Held() as held, Proxy(held.server.port, *(how if env is None else []), env=env) as proxy:
        idle = proxy.connect()
        assert ask(idle, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0].status == 200
        client = begin_slow(proxy, held)
        proxy.terminate()
        proxy.line("-> FINAL")
        held.go.set()
        assert read_response(client)[1] == b"done"
        with pytest.raises(Exception):
            proxy.process.wait(1.5)  # it counts once a second, and one connection is idle
        idle.close()
        assert proxy.process.wait(10) == 0


def test_a_grace_period_that_is_too_short_is_said():
    with Held() as held, Proxy(held.server.port, "--grace", "1500ms") as proxy:
        client = begin_slow(proxy, held)
        began = time.monotonic()
        proxy.terminate()
        assert client.recv(100) == b""
        assert time.monotonic() - began < 1.5  # before SIGKILL would come
        assert proxy.process.wait(10) == 0
        assert "1 cut" in proxy.line("drained: ")
        assert proxy.line("grace")


def get(proxy, path, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{proxy.admin}{path}", method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read().decode()


def test_operators_see_what_a_drain_waits_for():
    with Held() as held, Proxy(held.server.port) as proxy:
        client = begin_slow(proxy, held)
        assert get(proxy, "/ready").strip() == "LIVE"
        stats = get(proxy, "/stats?usedonly&filter=downstream_cx_active$")
        assert sum(int(line.split(": ")[1]) for line in stats.splitlines() if line.startswith("listener.")) == 1
        assert "envoy_http_downstream_rq_active" in get(proxy, "/stats/prometheus")
        assert "1" in get(proxy, "/drain?dry-run")
        get(proxy, "/drain_listeners?graceful&skip_exit", "POST")
        proxy.line("drain: LIVE -> NOTIFY")
        held.go.set()
        response, _ = read_response(client)
        assert response.getheader("connection") == "close"
        assert proxy.process.poll() is None
        assert json.loads(get(proxy, "/config_dump"))
        get(proxy, "/quitquitquit", "POST")
        assert proxy.process.wait(10) == 0

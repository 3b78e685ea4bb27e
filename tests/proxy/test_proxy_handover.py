"""A proxy that is replaced by another while clients come and go: nobody is refused, and nothing that was begun is lost."""
import signal
import subprocess
import threading

import pytest

from proxy_place import HITLESS, PIPES, Proxy, Server, said
from test_proxy_drain import Held, begin_slow
from test_proxy_http1 import ask, echo, read_response


class Clients:
    """Make connections as fast as they can, and count what becomes of them."""

    def __init__(self, proxy, count):
        self.proxy, self.over, self.done, self.lost = proxy, threading.Event(), 0, []
        self.enough = threading.Semaphore(0)
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.over.is_set():
            try:
                with self.proxy.connect() as client:
                    response, _ = ask(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert response.status == 200
                self.done += 1
                self.enough.release()
            except (OSError, AssertionError) as error:
                self.lost.append(repr(error))
                self.enough.release()

    def wait(self, count):
        for _ in range(count):
            assert self.enough.acquire(timeout=20)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("workers", [("1", "1"), ("2", "1"), ("1", "3")])
def test_no_connection_is_refused_while_a_successor_takes_over(tmp_path, workers):
    path = str(tmp_path / "handover")
    with Held() as held, Proxy(held.server.port, "--handover", path, "--workers", workers[0], "--access-log", "off") as proxy:
        slow = begin_slow(proxy, held)
        clients = Clients(proxy, 8)
        clients.wait(200)
        command = [HITLESS, "proxy", "sidecar", "--inbound", f"127.0.0.1:{proxy.port}=127.0.0.1:{held.server.port}", "--admin", "off",
                   "--status-port", "0", "--removal-wait", "0s", "--handover", path, "--workers", workers[1], "--access-log", "off"]
        with subprocess.Popen(command, **PIPES) as successor:
            said(successor, "is led to")
            proxy.line("a successor accepts connections")
            clients.wait(200)
            assert proxy.process.poll() is None  # it has a request left
            held.go.set()
            assert read_response(slow)[1] == b"done"
            assert proxy.process.wait(10) == 0
            clients.wait(200)
            clients.end()
            successor.send_signal(signal.SIGTERM)
            assert successor.wait(10) == 0
        assert clients.lost == []
        assert clients.done >= 600


def test_a_successor_that_cannot_begin_leaves_the_other_in_peace(tmp_path):
    path = str(tmp_path / "handover")
    with Server(echo) as server, Proxy(server.port, "--handover", path) as proxy:
        bad = [HITLESS, "proxy", "sidecar", "--inbound", "192.0.2.1:80=127.0.0.1:1", "--admin", "off", "--status-port", "0", "--handover", path]
        result = subprocess.run(bad, capture_output=True, text=True, timeout=10)
        assert result.returncode == 1 and "192.0.2.1:80" in result.stderr
        with proxy.connect() as client:
            assert ask(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0].status == 200
        assert proxy.process.poll() is None

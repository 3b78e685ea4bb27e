"""Clients that are slow, many, or broken: the proxy's memory stays bounded, and others are served meanwhile."""
import pathlib
import resource
import select
import socket

from proxy_place import Proxy, Server
from test_proxy_http1 import ask, echo


def memory(process):
    """Resident bytes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def served(proxy):
    with proxy.connect() as client:
        return ask(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0].status


def test_many_idle_connections():
    """As many as this machine lets a process have, up to 10,000."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(10_000, most // 2)
    with Server(echo) as server, Proxy(server.port, "--access-log", "off") as proxy:
        assert served(proxy) == 200
        before = memory(proxy.process)
        clients = []
        for i in range(count):
            # Ports of one source address are not enough for everything that runs at the same time.
            client = socket.create_connection(("127.0.0.1", proxy.port), source_address=(f"127.0.{1 + i // 5000}.1", 0), timeout=10)
            assert ask(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0].status == 200
            clients.append(client)
        assert served(proxy) == 200
        assert (memory(proxy.process) - before) / count < 8 * 1024
        for client in clients:
            client.close()


def test_heads_that_never_end_cost_little_and_disturb_nobody():
    with Server(echo) as server, Proxy(server.port, "--access-log", "off") as proxy:
        before = memory(proxy.process)
        slow = [proxy.connect() for _ in range(500)]
        for piece in (b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"X-A: b\r\n", b"X-C: d"):
            for client in slow:
                client.sendall(piece)
            assert served(proxy) == 200
        assert memory(proxy.process) - before < 500 * 16 * 1024
        for client in slow:
            client.close()


def test_a_head_that_is_too_long_is_refused_at_once():
    with Server(echo) as server, Proxy(server.port) as proxy, proxy.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000)
        assert client.recv(1000).startswith(b"HTTP/1.1 431 ")
        assert " 431 DPE http1.headers_too_large " in proxy.line(" 431 ")


def test_a_client_that_does_not_read_holds_back_its_server_only():
    pushed = []

    def floods(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        connection.settimeout(1)
        try:
            while True:
                pushed.append(connection.send(b"x" * 65536))
        except TimeoutError:
            connection.settimeout(None)
            connection.recv(1)

    with Server(floods) as server, Proxy(server.port, "--access-log", "off") as proxy:
        before = memory(proxy.process)
        deaf = proxy.connect()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert select.select([deaf], [], [], 10)[0]
        other = proxy.connect()
        other.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert other.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert memory(proxy.process) - before < 4_000_000
        deaf.close()
        other.close()


def test_half_open_clients_are_dropped_when_they_come_back():
    with Server(echo) as server, Proxy(server.port) as proxy:
        client = proxy.connect()
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.close()  # a reset
        assert " DC " in proxy.line("POST /")
        assert served(proxy) == 200

"""hitless load as a gRPC and HTTP/2 client: against the test application, and against servers that are not ours."""
import concurrent.futures
import contextlib
import random
import re
import socket
import subprocess
import threading

import grpc
import pytest

from apps import App, Load, causes, load


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def python_server(behaviour, port=0):
    """grpc's Python server whose every method is `behaviour(request, context)`."""

    class Any(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(behaviour)

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=(Any(),))
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"127.0.0.1:{port}", server
    finally:
        server.stop(None).wait()


@contextlib.contextmanager
def tcp_server(behaviour):
    """Gives each connection to `behaviour`; without one nobody accepts, and the kernel alone answers."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    behaviour(connection)

    thread = threading.Thread(target=serve, daemon=True)
    if behaviour:
        thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR) if behaviour else None
        listener.close()


def test_unary_streaming_and_messages():
    with App() as app:
        assert load(f"grpc://{app.address}", "count=200")["grpcStatuses"] == {"0": 200}
        slow = load(f"grpc://{app.address}/hitless.Test/Delay", "message=0.2", "count=3")
        assert slow["succeeded"] == 3 and slow["latencyMs"]["p50"] >= 200
        assert load(f"grpc://{app.address}/hitless.Test/Count", "message=1000", "count=3")["succeeded"] == 3
        plain = load(f"h2c://{app.address}/nothing", "method=POST", "count=3", "connections=2")
        assert plain["statuses"] == {"200": 3} and plain["connections"]["opened"] == 2


def test_a_goaway_loses_nothing():
    with App("--max-connection-age", "500ms") as app:
        result = load(f"grpc://{app.address}", "rate=500", "duration=3s")
    assert result["failed"] == 0 and result["succeeded"] == 1500
    assert result["connections"]["opened"] > 3
    assert set(causes(result, "retries")) <= {"goaway-unprocessed"}


def only_the_servers_own(result):
    """A C-core server that shuts down cancels RPCs that reach it before its GOAWAY has reached the client."""
    return all(failure["cause"] == "rpc-status" and failure["grpc"]["status"] == 1 for failure in result["failures"]["list"])


def test_a_shutdown_moves_rpcs_to_the_next_host():
    with App() as first, App(name="web-1") as second:
        running = Load(f"grpc://{first.address},{second.address}", "rate=500", "duration=2s")
        wait_for_rpcs(running, first)
        first.terminate()
        assert first.process.wait() == 0
        result = running.result()
        assert only_the_servers_own(result) and result["failed"] < 50, result["failures"]
        assert result["succeeded"] + result["failed"] == result["sent"] == 1000
        assert result["retries"]["count"] > 0
        assert all(attempt["host"] == first.address for attempt in result["retries"]["list"])


def wait_for_rpcs(running, app):
    """Until the load's connection to the application is there: /proc/net/tcp has it as established."""
    wanted = f"0100007F:{app.port:04X} 01"
    while True:
        assert running.process.poll() is None
        with open("/proc/net/tcp", encoding="ascii") as table:
            if any(" ".join(line.split()[2:4]) == wanted for line in table):
                return


def wait_for_answers(running, app, connections=2):
    """Until the application has sent more than the beginning of HTTP/2 on each connection: answers to RPCs."""
    while True:
        assert running.process.poll() is None
        sockets = subprocess.run(["ss", "-Htin", "state", "established", f"sport = :{app.port}"], stdout=subprocess.PIPE, text=True, check=True).stdout
        sent = [int(number) for number in re.findall(r"bytes_sent:(\d+)", sockets)]
        if len(sent) == connections and min(sent) > 1000:
            return


def test_a_killed_server_is_seen_and_the_way_back_is_measured():
    with App() as app:
        running = Load(f"grpc://{app.address}", "rate=200", "connections=2", "duration=60s")
        wait_for_answers(running, app)  # Only a channel that has been ready can be lost.
        app.process.kill()
        app.process.wait()
        with App(port=app.port) as back:
            wait_for_answers(running, back)
            result = running.stop()
    assert result["failed"] > 0
    assert set(causes(result)) <= {"reset-after-request-written", "closed-before-response", "connection-refused", "rpc-unavailable-backoff",
                                   "reset-before-request-written"}
    back = [entry for entry in result["reconnects"]["list"] if "backUnixNs" in entry]
    assert back and result["reconnects"]["longestNs"] >= max(entry["durationNs"] for entry in back)
    assert all(entry["host"] == app.address and entry["attempts"] > 0 for entry in back)
    assert all(entry["backUnixNs"] - entry["lostUnixNs"] == entry["durationNs"] for entry in back)


def test_a_server_that_says_nothing_costs_the_connect_timeout():
    with tcp_server(None) as silent, App(name="web-1") as second:
        result = load(f"grpc://{silent},{second.address}", "connect-timeout=300ms", "count=1")
        assert result["succeeded"] == 1
        assert causes(result, "retries") == {"connect-timeout": 1}
        assert result["latencyMs"]["max"] >= 300
        alone = load(f"grpc://{silent}", "timeout=200ms", "count=1")
        assert causes(alone) == {"connect-timeout": 1} and alone["grpcStatuses"] == {"4": 1}


def test_a_server_that_is_not_ours():
    seen = []

    def behave(request, context):
        seen.append(request)
        if len(seen) % 2 == 0:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: 100%")
        return b"fine"

    with python_server(behave) as (address, _):
        result = load(f"grpc://{address}/any.Thing/Else", "message=hello", "count=10")
    assert seen == [b"hello"] * 10
    assert result["grpcStatuses"] == {"0": 5, "5": 5}
    assert causes(result) == {"rpc-status": 5}
    assert result["failures"]["list"][0]["grpc"] == {"status": 5, "message": "no such thing: 100%"}


def test_a_graceful_stop_of_a_server_that_is_not_ours():
    started = threading.Event()

    def behave(request, context):
        started.set()
        return b""

    with python_server(behave) as (first, server), App(name="web-1") as second:
        running = Load(f"grpc://{first},{second.address}", "rate=500")
        assert started.wait(20)
        server.stop(10).wait()
        result = running.stop()
    assert only_the_servers_own(result) and result["failed"] < 50, result["failures"]
    assert result["succeeded"] + result["failed"] == result["sent"] > 0


def frames_of(address):
    """What the test application says to a client that begins, to be spoilt."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
        return client.recv(65536)


def test_any_bytes_from_a_server_are_survived():
    with App() as app:
        good = frames_of(app.address)
    choose = random.Random(4)

    def spoil(connection):
        connection.recv(65536)
        bytes_ = bytearray(good + choose.randbytes(choose.randrange(200)))
        for _ in range(choose.randrange(6)):
            bytes_[choose.randrange(len(bytes_))] = choose.randrange(256)
        connection.sendall(bytes_)

    with tcp_server(spoil) as address:
        result = load(f"h2c://{address}/", "rate=300", "count=300", "timeout=500ms")
    assert result["succeeded"] == 0 and result["failed"] == 300


@pytest.mark.parametrize("words, complaint", [(["grpc://a"], "no valid host and port"), (["grpc://a:1", "new"], "keeps its connections")])
def test_wrong_words_are_explained(words, complaint):
    import subprocess

    from apps import HITLESS
    done = subprocess.run([HITLESS, "load", *words], capture_output=True, text=True)
    assert done.returncode != 0 and complaint in done.stderr

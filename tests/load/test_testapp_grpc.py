"""hitless-testapp-grpc, asked by grpc's own Python client."""
import socket
import time

import grpc
import pytest

from apps import App


@pytest.fixture
def call():
    """call(app, method, message) starts an RPC; its result() is the reply."""
    channels = {}

    def start(app, method, message=b""):
        channel = channels.setdefault(app.address, grpc.insecure_channel(app.address))
        return channel.unary_unary(f"/{method}").future(message, timeout=20)

    yield start
    for channel in channels.values():
        channel.close()


def listens(app):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", app.port)) == 0


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def in_flight(app, call, seconds):
    """An RPC of which the server is known to have heard: the next one on its connection is answered."""
    slow = call(app, "hitless.Test/Delay", str(seconds).encode())
    assert call(app, "hitless.Test/WhoAmI").result() == b"web-0"
    return slow


def test_methods(call):
    with App() as app:
        assert call(app, "hitless.Test/WhoAmI").result() == b"web-0"
        begin = time.monotonic()
        assert call(app, "hitless.Test/Delay", b"0.2").result() == b"web-0"
        assert time.monotonic() - begin >= 0.2
        with grpc.insecure_channel(app.address) as channel:
            assert list(channel.unary_stream("/hitless.Test/Count")(b"3")) == [b"1", b"2", b"3"]
        assert call(app, "grpc.health.v1.Health/Check").result() == b"\x08\x01"  # SERVING
        assert call(app, "hitless.Test/Delay", b"long").code() == grpc.StatusCode.INVALID_ARGUMENT
        assert call(app, "hitless.Test/Nothing").code() == grpc.StatusCode.UNIMPLEMENTED


def test_stop_accepting_finishes_what_is_in_flight(call):
    with App() as app:
        slow = in_flight(app, call, 1)
        assert "SIGTERM: 1 RPCs in flight, stop-accepting" in app.terminate()
        wait_until(lambda: not listens(app))
        assert slow.result() == b"web-0"
        assert app.line() == "hitless-testapp-grpc: exit after 2 RPCs: 2 answered, 0 not"
        assert app.process.wait() == 0


def test_stop_accepting_is_bounded_by_the_drain_time(call):
    with App("--drain-time", "200ms") as app:
        slow = in_flight(app, call, 60)
        app.terminate()
        assert slow.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert app.line().endswith("1 answered, 1 not")
        assert app.process.wait() == 0


def test_drain_keeps_serving_and_says_so(call):
    with App("--on-sigterm", "drain", "--drain-time", "60s") as app:
        app.terminate()
        wait_until(lambda: call(app, "grpc.health.v1.Health/Check").result() == b"\x08\x02")  # NOT_SERVING
        assert call(app, "hitless.Test/WhoAmI").result() == b"web-0"
        assert listens(app)
        app.terminate()  # a second signal ends the wait
        assert app.process.wait() == 0


def test_exit_cuts(call):
    with App("--on-sigterm", "exit") as app:
        slow = in_flight(app, call, 60)
        app.terminate()
        assert slow.code() == grpc.StatusCode.UNAVAILABLE
        assert app.process.wait() == 0


def test_nothing_listens_during_the_start_up_delay():
    begin = time.monotonic()
    with App("--startup-delay", "300ms"):
        assert time.monotonic() - begin >= 0.3

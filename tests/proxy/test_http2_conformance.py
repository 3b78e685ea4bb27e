"""Our table of what RFC 9113 asks of a server, by frames on a TCP connection. H2C_SERVER=HOST:PORT has it ask another server than
the proxy, which must answer `GET /` with 200 and `GET /bytes/N` with N bytes."""
import os
import pathlib
import re
import socket
import subprocess

import h2.config
import h2.connection
import h2.events
import pytest

import http2_cases_connection
import http2_cases_frames
import http2_cases_messages
import http2_wire as h
from http2_expectations import GET, POST, any_error
from http2_wire import Wire

HITLESS = pathlib.Path(os.environ.get("HITLESS", pathlib.Path(__file__).resolve().parents[2] / "build/hitless"))


def said(process, pattern):
    """What the first line like this says."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found.group(1)
    raise AssertionError(f"{process.args} ended: {lines}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address():
    if given := os.environ.get("H2C_SERVER"):
        host, port = given.rsplit(":", 1)
        yield host, int(port)
        return
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([HITLESS.with_name("hitless-testapp"), "--port", "0", "--pod-name", "web-0"], **pipes) as app:
        target = said(app, r"listening on port (\d+)")
        command = [HITLESS, "proxy", "sidecar", "--inbound", f"{free_port()}=127.0.0.1:{target}", "--admin", "off", "--status-port", "0",
                   "--access-log", "off"]
        with subprocess.Popen(command, **pipes) as proxy:
            yield "127.0.0.1", int(said(proxy, r"port (\d+) is led to"))
            proxy.kill()
        app.kill()


@pytest.fixture(scope="module", autouse=True)
def serves(address):
    """A dead port passes nothing: h2's own client gets its answer first."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    client.initiate_connection()
    client.send_headers(1, GET, end_stream=True)
    wire = Wire(address, greet=False)
    wire.send(client.data_to_send())
    seen = []
    while not any(isinstance(event, h2.events.StreamEnded) for event in seen):
        received = wire.socket.recv(65536)
        assert received, f"the server closed the connection: {seen}"
        seen += client.receive_data(received)
        wire.send(client.data_to_send())
    response = next(event for event in seen if isinstance(event, h2.events.ResponseReceived))
    assert dict(response.headers)[":status"] == "200"
    wire.close()


@pytest.fixture
def connect(address):
    wires = []

    def start(*pairs, **how):
        wires.append(Wire(address, *pairs, **how))
        return wires[-1]

    yield start
    for wire in wires:
        wire.close()


def table(cases):
    return pytest.mark.parametrize("sent, fate", [case[1:] for case in cases], ids=[case[0] for case in cases])


def run(wire, sent, fate):
    sent(wire) if callable(sent) else wire.send(sent)
    fate(wire)


@table(http2_cases_connection.PREFACES)
def test_preface(connect, sent, fate):
    run(connect(greet=False), sent, fate)


@table(http2_cases_connection.CASES + http2_cases_frames.CASES + http2_cases_messages.CASES)
def test_case(connect, sent, fate):
    run(connect(), sent, fate)


def ask(wire, path, stream=1):
    wire.send(h.headers(stream, [(name, path if name == ":path" else value) for name, value in GET]))


def test_3_4_the_server_begins_with_settings(connect):
    first = connect().frames[0]
    assert isinstance(first, h.hyper.SettingsFrame) and "ACK" not in first.flags
    assert first.settings.get(h.ENABLE_PUSH, 0) == 0


def test_3_4_a_preface_byte_by_byte(connect):
    wire = connect(greet=False)
    for byte in h.PREFACE + h.settings() + h.headers(1, GET):
        wire.send(bytes([byte]))
    assert wire.status(1) == 200


def test_3_4_the_end_within_a_preface(connect):
    wire = connect(greet=False)
    wire.send(h.PREFACE[:10])
    wire.finish()
    wire.read_until(lambda: False)
    assert wire.closed


def test_5_1_2_more_streams_than_allowed(connect):
    wire = connect()
    limit = wire.frames[0].settings.get(h.MAX_CONCURRENT_STREAMS)
    assert limit is not None and limit >= 100, "an unlimited number of streams would be a flood's delight"
    wire.send(b"".join(h.headers(2 * i + 1, POST, end=False) for i in range(limit + 1)))
    any_error(2 * limit + 1, h.REFUSED_STREAM, h.PROTOCOL_ERROR)(wire)


def test_5_4_1_goaway_names_the_last_stream(connect):
    wire = connect()
    wire.send(h.headers(7, GET))
    assert wire.status(7) == 200
    wire.send(h.ping(stream=1))
    wire.read_until(lambda: False)
    assert wire.goaways()[-1].last_stream_id == 7


def test_6_5_3_settings_are_acknowledged_each(connect):
    wire = connect()
    before = len(wire.of(h.hyper.SettingsFrame))
    wire.send(h.settings() * 5)
    wire.settle()
    assert [one.flags for one in wire.of(h.hyper.SettingsFrame)[before:]] == [{"ACK"}] * 5


def test_6_7_pings_are_answered_with_their_payload(connect):
    wire = connect()
    wire.send(h.ping(b"abcdefgh") + h.ping(b"ijklmnop") + h.ping(b"not-once", ack=True))
    wire.settle()
    answers = [one.opaque_data for one in wire.of(h.hyper.PingFrame) if "ACK" in one.flags]
    assert answers[:2] == [b"abcdefgh", b"ijklmnop"] and b"not-once" not in answers


def test_6_9_1_a_window_of_one_byte(connect):
    wire = connect((h.INITIAL_WINDOW_SIZE, 1))
    ask(wire, "/bytes/3")
    assert wire.settle() and wire.read_until(lambda: wire.body(1))
    assert len(wire.body(1)) == 1 and not wire.ended(1)
    wire.send(h.window(1, 1))
    assert wire.read_until(lambda: len(wire.body(1)) == 2) and not wire.ended(1)
    wire.send(h.window(1, 100))
    assert wire.status(1) == 200 and len(wire.body(1)) == 3


def test_6_9_1_the_connections_window_holds_for_all_streams(connect):
    wire = connect((h.INITIAL_WINDOW_SIZE, 1_000_000))
    ask(wire, "/bytes/50000", 1)
    ask(wire, "/bytes/50000", 3)
    received = lambda: len(wire.body(1)) + len(wire.body(3))
    assert wire.read_until(lambda: received() == 65535)
    assert wire.settle() and received() == 65535
    wire.send(h.window(0, 40000))
    assert wire.status(1) == 200 and wire.status(3) == 200 and received() == 100_000


def test_6_9_2_a_setting_changes_the_windows_that_there_are(connect):
    wire = connect((h.INITIAL_WINDOW_SIZE, 0))
    ask(wire, "/bytes/10")
    assert wire.read_until(lambda: wire.heads.get(1)) and wire.settle() and not wire.body(1)
    wire.send(h.settings((h.INITIAL_WINDOW_SIZE, 10)))
    assert wire.status(1) == 200 and len(wire.body(1)) == 10


def test_6_9_2_a_window_below_zero(connect):
    wire = connect((h.INITIAL_WINDOW_SIZE, 3))
    ask(wire, "/bytes/6")
    assert wire.read_until(lambda: len(wire.body(1)) == 3)
    wire.send(h.settings((h.INITIAL_WINDOW_SIZE, 1)) + h.window(1, 2))
    assert wire.settle() and len(wire.body(1)) == 3
    wire.send(h.window(1, 3))
    assert wire.status(1) == 200 and len(wire.body(1)) == 6


def test_6_9_a_request_longer_than_the_windows(connect):
    """Its parts are sent as the server allows."""
    wire = connect()
    size = 3_000_000
    wire.send(h.headers(1, POST + [("content-length", str(size))], end=False))
    initial = wire.frames[0].settings.get(h.INITIAL_WINDOW_SIZE, 65535)
    sent = 0

    def room():
        more = lambda stream: sum(one.window_increment for one in wire.of(h.hyper.WindowUpdateFrame, lambda one: one.stream_id == stream))
        return min(initial + more(1), 65535 + more(0)) - sent

    while sent < size:
        assert wire.read_until(lambda: room() > 0 or wire.ended(1))
        if wire.ended(1):
            break  # It has answered before the end, which it may.
        piece = min(room(), 16384, size - sent)
        sent += piece
        wire.send(h.data(1, b"x" * piece, end=sent == size))
    assert wire.status(1) is not None and not wire.goaways()


def test_6_5_2_a_header_table_of_nothing(connect):
    """The decoder takes no reference to its dynamic table."""
    wire = connect((h.HEADER_TABLE_SIZE, 0))
    wire.decoder.max_allowed_table_size = 0
    wire.decoder.header_table_size = 0
    for stream in (1, 3, 5):
        ask(wire, "/", stream)
        assert wire.status(stream) == 200


def test_8_2_responses_are_well_formed(connect):
    wire = connect()
    ask(wire, "/bytes/10")
    assert wire.status(1) == 200
    names = [name for name, _ in wire.heads[1][0]]
    assert names[0] == ":status" and names.count(":status") == 1
    assert all(name == name.lower() for name in names)
    assert not {"connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"} & set(names)
    lengths = [value for name, value in wire.heads[1][0] if name == "content-length"]
    assert lengths in ([], ["10"]) and len(wire.body(1)) == 10


def test_8_1_a_response_to_head_has_no_content(connect):
    wire = connect()
    wire.send(h.headers(1, [(name, "HEAD" if name == ":method" else value) for name, value in GET]))
    assert wire.status(1) == 200 and wire.body(1) == b""


def test_10_5_a_header_list_beyond_all_limits(connect):
    wire = connect()
    fields = h.block(GET + [(f"x-{i}", "y" * 1000) for i in range(100)])
    pieces = [fields[at:at + 16000] for at in range(0, len(fields), 16000)]
    wire.send(h.frame(h.HEADERS, h.END_STREAM, 1, pieces[0]))
    wire.send(b"".join(h.continuation(1, piece, end=piece is pieces[-1]) for piece in pieces[1:]))
    status = wire.status(1)
    assert status in (431, 400) or wire.resets(1) or wire.goaways(), wire.frames


def test_10_5_pings_and_settings_without_end(connect):
    wire = connect()
    wire.send((h.ping() + h.settings()) * 100)
    assert wire.settle() and not wire.goaways()

"""What a server may do about a client's frames. Each is a function of a Wire on which they have been sent."""
import http2_wire as h


def connection_error(*codes):
    """GOAWAY with one of these codes, then the end of the connection (RFC 9113 5.4.1)."""

    def check(wire):
        wire.read_until(lambda: False)
        assert wire.goaways(), f"no GOAWAY before the connection's end: {wire.frames}"
        assert wire.goaways()[-1].error_code in codes, wire.goaways()

    return check


def stream_error(stream, *codes):
    """RST_STREAM with one of these codes; the connection lives on (RFC 9113 5.4.2)."""

    def check(wire):
        assert wire.settle(), f"the connection ended: {wire.frames}"
        assert wire.resets(stream), f"no RST_STREAM: {wire.frames}"
        assert wire.resets(stream)[0] in codes, wire.resets(stream)
        assert not wire.goaways()

    return check


def malformed(stream):
    """A stream error of type PROTOCOL_ERROR, before which there may be a response (RFC 9113 8.1.1)."""

    def check(wire):
        assert wire.settle(), f"the connection ended: {wire.frames}"
        answered = [dict(head)[":status"] for head in wire.heads.get(stream, [])]
        assert wire.resets(stream)[:1] == [h.PROTOCOL_ERROR] or answered == ["400"], wire.frames

    return check


def any_error(stream, *codes):
    """A stream error or, which is allowed instead (RFC 9113 5.4), a connection error."""

    def check(wire):
        if wire.settle():
            assert wire.resets(stream) and wire.resets(stream)[0] in codes, wire.frames
        else:
            assert wire.goaways() and wire.goaways()[-1].error_code in codes, wire.frames

    return check


def unanswered(stream, *codes):
    """An error, or nothing: a frame on a closed stream may be ignored (RFC 9113 5.1). What must not be is a response to it."""

    def check(wire):
        before = len(wire.heads.get(stream, []))
        if wire.settle():
            assert len(wire.heads.get(stream, [])) <= max(before, 1), wire.frames
            asks(0x7ffffffd)(wire)
        else:
            assert wire.goaways() and wire.goaways()[-1].error_code in codes, wire.frames

    return check


def answered(*streams):
    """These requests get responses."""

    def check(wire):
        for stream in streams:
            assert wire.status(stream) is not None, wire.frames
        assert not wire.goaways(), wire.frames

    return check


def closed(wire):
    """The connection ends, with or without GOAWAY."""
    wire.read_until(lambda: False)
    assert wire.closed


def alive(wire):
    """Nothing bad happens, and another request is answered."""
    assert wire.settle(), f"the connection ended: {wire.frames}"
    assert not wire.goaways() and not wire.of(h.hyper.RstStreamFrame), wire.frames
    asks(0x7ffffffd)(wire)


def asks(stream):
    """A request is answered as ever."""

    def check(wire):
        wire.send(h.headers(stream, GET))
        assert wire.status(stream) == 200, wire.frames

    return check


GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "web")]
POST = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "web")]

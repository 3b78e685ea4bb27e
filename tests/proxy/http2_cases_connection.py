"""RFC 9113 sections 3 to 5: the preface, frames, header compression, streams. (name, what is sent, what must come of it)"""
import http2_wire as h
from http2_expectations import GET, POST, alive, answered, any_error, closed, connection_error, unanswered

OPEN = h.headers(1, POST, end=False)  # A stream whose request goes on.
WHOLE = h.headers(1, GET)

# On connections on which nothing has been said.
PREFACES = [
    ("3.4 a preface of HTTP/1.1", b"GET / HTTP/2.0\r\nHost: web\r\n\r\n", closed),
    ("3.4 garbage after a preface's first bytes", h.PREFACE[:12] + b"x" * 40 + b"\r\n\r\n", closed),
    ("3.4 PING in place of SETTINGS", h.PREFACE + h.ping(), connection_error(h.PROTOCOL_ERROR)),
    ("3.4 HEADERS in place of SETTINGS", h.PREFACE + WHOLE, connection_error(h.PROTOCOL_ERROR)),
    ("3.4 a request at once", h.PREFACE + h.settings() + WHOLE, answered(1)),
    ("3.4 SETTINGS that ends in a frame error", h.PREFACE + h.frame(h.SETTINGS, 0, 0, b"12345"), connection_error(h.FRAME_SIZE_ERROR)),
]

FRAMES = [
    ("4.1 an unknown type on the connection", h.frame(0x42, 0xff, 0, b"x"), alive),
    ("4.1 an unknown type on an open stream", OPEN + h.frame(0x42, 0xff, 1, b"x") + h.data(1, end=True), answered(1)),
    ("4.1 an unknown type of full size", h.frame(0xf0, 0, 0, b"x" * 16384), alive),
    ("4.1 undefined flags of PING", h.frame(h.PING, 0xfe, 0, b"12345678"), alive),
    ("4.1 undefined flags of SETTINGS", h.frame(h.SETTINGS, 0xfe, 0), alive),
    ("4.1 undefined flags of WINDOW_UPDATE", h.frame(h.WINDOW_UPDATE, 0xff, 0, b"\0\0\0\1"), alive),
    ("4.1 undefined flags of HEADERS", h.headers(1, GET, flags=0x52), answered(1)),
    ("4.1 undefined flags of DATA", OPEN + h.data(1, b"x", end=True, flags=0xf6), answered(1)),
    ("4.1 the reserved bit of a stream identifier", h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM, 0x80000001, h.block(GET)), answered(1)),
    ("4.2 DATA of the largest size", OPEN + h.data(1, b"x" * 16384, end=True), answered(1)),
    ("4.2 DATA above the largest size", OPEN + h.data(1, b"x" * 16385), any_error(1, h.FRAME_SIZE_ERROR)),
    ("4.2 HEADERS above the largest size", h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM, 1, h.block(GET + [("x", "y" * 16384)])),
     connection_error(h.FRAME_SIZE_ERROR)),
    ("4.2 SETTINGS above the largest size", h.settings(*[(0x99, 1)] * 2731), connection_error(h.FRAME_SIZE_ERROR)),
    ("4.2 an unknown type above the largest size", h.frame(0x42, 0, 0, b"x" * 16385), connection_error(h.FRAME_SIZE_ERROR)),
    ("4.2 CONTINUATION above the largest size", h.frame(h.HEADERS, h.END_STREAM, 1, h.block(GET)) + h.continuation(1, h.block([("x", "y" * 16384)])),
     connection_error(h.FRAME_SIZE_ERROR)),
    ("4.2 the end of the connection within a frame", lambda wire: (wire.send(h.frame(h.DATA, 0, 0, b"", length=100)), wire.finish()), closed),
]


def compressed(raw):
    return h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM, 1, raw)


BAD = connection_error(h.COMPRESSION_ERROR)
INDEXED = b"\x40" + h.literal("x-kept") + h.literal("there")  # Into the dynamic table, as its newest entry.
COMPRESSION = [
    ("4.3 the index 0", compressed(h.block(GET) + b"\x80"), BAD),
    ("4.3 an index beyond the table", compressed(h.block(GET) + b"\xbe"), BAD),
    ("4.3 a name's index beyond the table", compressed(h.block(GET) + b"\x7f\x30\x01x"), BAD),
    ("4.3 an integer without end", compressed(h.block(GET) + b"\xff" + b"\xff" * 10), BAD),
    ("4.3 a literal that is cut short", compressed(h.block(GET) + b"\0\x05ab"), BAD),
    ("4.3 a table size above the limit", compressed(b"\x3f\xe2\x1f" + h.block(GET)), BAD),
    ("4.3 a table size after a field", compressed(h.block(GET) + b"\x20"), BAD),
    ("4.3 a table size of 0", compressed(b"\x20" + h.block(GET)), answered(1)),
    ("4.3 two changes of the table size", compressed(b"\x20\x3f\xe1\x1f" + h.block(GET)), answered(1)),
    ("4.3 Huffman code with too long a padding", compressed(h.block(GET) + b"\0\x01x\x83\x1f\xff\xff"), BAD),
    ("4.3 Huffman code with a padding of zeros", compressed(h.block(GET) + b"\0\x01x\x81\x18"), BAD),
    ("4.3 Huffman code with EOS", compressed(h.block(GET) + b"\0\x01x\x84\xff\xff\xff\xff"), BAD),
    ("4.3 a table that two blocks share", compressed(h.block(GET) + INDEXED) +
     h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM, 3, h.block(GET) + b"\xbe"), answered(1, 3)),
    ("4.3 a table that a malformed request has filled", compressed(b"\0" + h.literal("UPPER") + h.literal("x") + INDEXED) +
     h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM, 3, h.block(GET) + b"\xbe"), answered(3)),
    ("4.3 an error in a CONTINUATION", h.frame(h.HEADERS, h.END_STREAM, 1, h.block(GET)) + h.continuation(1, b"\x80"), BAD),
    ("4.3 an empty header block", h.headers(1, []), any_error(1, h.PROTOCOL_ERROR)),
]

CLOSED = (h.STREAM_CLOSED, h.PROTOCOL_ERROR)
RESET = OPEN + h.rst(1)
STATES = [
    ("5.1 idle: DATA", h.data(1, b"x"), connection_error(h.PROTOCOL_ERROR)),
    ("5.1 idle: RST_STREAM", h.rst(1), connection_error(h.PROTOCOL_ERROR)),
    ("5.1 idle: WINDOW_UPDATE", h.window(1, 1), connection_error(h.PROTOCOL_ERROR)),
    ("5.1 idle: CONTINUATION", h.continuation(1, h.block(GET)), connection_error(h.PROTOCOL_ERROR)),
    ("5.1 idle: PRIORITY", h.priority(1), alive),
    ("5.1 half-closed (remote): DATA", OPEN + h.data(1, end=True) + h.data(1, b"x"), any_error(1, h.STREAM_CLOSED)),
    ("5.1 half-closed (remote): HEADERS", WHOLE + WHOLE, any_error(1, h.STREAM_CLOSED)),
    ("5.1 half-closed (remote): WINDOW_UPDATE", WHOLE + h.window(1, 1), answered(1)),
    ("5.1 half-closed (remote): PRIORITY", WHOLE + h.priority(1), answered(1)),
    ("5.1 half-closed (remote): RST_STREAM", WHOLE + h.rst(1), alive),
    ("5.1 closed by RST_STREAM: DATA", RESET + h.data(1, b"x"), unanswered(1, *CLOSED)),
    ("5.1 closed by RST_STREAM: HEADERS", RESET + h.headers(1, GET), unanswered(1, *CLOSED)),
    ("5.1 closed by RST_STREAM: PRIORITY", RESET + h.priority(1), alive),
    ("5.1 closed by RST_STREAM: WINDOW_UPDATE", RESET + h.window(1, 1), alive),
    ("5.1 closed by RST_STREAM: RST_STREAM", RESET + h.rst(1), alive),
]


def after_response(payload):
    def talk(wire):
        wire.send(WHOLE)
        assert wire.status(1) == 200
        wire.send(payload)

    return talk


def a_request_each(*streams):
    return b"".join(h.headers(stream, GET) for stream in streams)


STREAMS = STATES + [
    ("5.1 closed by END_STREAM: DATA", after_response(h.data(1, b"x")), unanswered(1, *CLOSED)),
    ("5.1 closed by END_STREAM: HEADERS", after_response(WHOLE), unanswered(1, *CLOSED)),
    ("5.1 closed by END_STREAM: CONTINUATION", after_response(h.continuation(1, h.block(GET))), connection_error(*CLOSED)),
    ("5.1 closed by END_STREAM: PRIORITY", after_response(h.priority(1)), alive),
    ("5.1 closed by END_STREAM: WINDOW_UPDATE", after_response(h.window(1, 1)), alive),
    ("5.1 closed by END_STREAM: RST_STREAM", after_response(h.rst(1)), alive),
    ("5.1.1 an even identifier", h.headers(2, GET), connection_error(h.PROTOCOL_ERROR)),
    ("5.1.1 a smaller identifier", a_request_each(5) + h.headers(3, GET), unanswered(3, *CLOSED)),
    ("5.1.1 identifiers that are left out", a_request_each(1, 5, 99), answered(1, 5, 99)),
    ("5.1.1 the highest identifier", a_request_each(0x7fffffff), answered(0x7fffffff)),
    ("5.3 a stream that depends on itself", h.headers(1, GET) + h.priority(3, on=3), answered(1)),
    ("5.3 HEADERS with a priority", h.headers(1, GET, flags=h.PRIORITY_FLAG, extra=b"\x80\0\0\0\x10"), answered(1)),
    ("5.3 HEADERS too short for its priority", h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM | h.PRIORITY_FLAG, 1, b"\0\0\0"),
     connection_error(h.FRAME_SIZE_ERROR, h.PROTOCOL_ERROR)),
    ("5.4 RST_STREAM with an unknown code", OPEN + h.rst(1, 0xabcdef), alive),
    ("5.5 an unknown setting", h.settings((0xabc, 7)), alive),
    ("5.5 an unknown type within a header block", h.frame(h.HEADERS, h.END_STREAM, 1, h.block(GET)) + h.frame(0x42, 0, 1),
     connection_error(h.PROTOCOL_ERROR)),
]

CASES = FRAMES + COMPRESSION + STREAMS

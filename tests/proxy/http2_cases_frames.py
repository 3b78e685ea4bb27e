"""RFC 9113 section 6: each type of frame. (name, what is sent, what must come of it)"""
import http2_wire as h
from http2_expectations import GET, POST, alive, answered, any_error, closed, connection_error, stream_error

OPEN = h.headers(1, POST, end=False)
WHOLE = h.headers(1, GET)
PROTOCOL, SIZE = connection_error(h.PROTOCOL_ERROR), connection_error(h.FRAME_SIZE_ERROR)
BEGUN = h.frame(h.HEADERS, h.END_STREAM, 1, h.block(GET[:2]))  # A header block that goes on.
REST = h.block(GET[2:])

DATA = [
    ("6.1 DATA on stream 0", h.data(0, b"x"), PROTOCOL),
    ("6.1 DATA with padding", OPEN + h.data(1, b"\x05x\0\0\0\0\0", end=True, flags=h.PADDED), answered(1)),
    ("6.1 DATA of nothing but padding", OPEN + h.data(1, b"\x03\0\0\0", end=True, flags=h.PADDED), answered(1)),
    ("6.1 DATA with more padding than payload", OPEN + h.data(1, b"\x05x", flags=h.PADDED), PROTOCOL),
    ("6.1 DATA with as much padding as payload", OPEN + h.data(1, b"\x04\0\0\0", flags=h.PADDED), PROTOCOL),
    ("6.1 DATA without the length of its padding", OPEN + h.data(1, b"", flags=h.PADDED), connection_error(h.FRAME_SIZE_ERROR, h.PROTOCOL_ERROR)),
    ("6.1 empty DATA", OPEN + h.data(1) * 20 + h.data(1, end=True), answered(1)),
]

HEADERS = [
    ("6.2 HEADERS on stream 0", h.headers(0, GET), PROTOCOL),
    ("6.2 HEADERS with padding", h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM | h.PADDED, 1, b"\x03" + h.block(GET) + b"\0\0\0"), answered(1)),
    ("6.2 HEADERS with padding and priority",
     h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM | h.PADDED | h.PRIORITY_FLAG, 1, b"\x02\0\0\0\0\0" + h.block(GET) + b"\0\0"), answered(1)),
    ("6.2 HEADERS with more padding than payload", h.frame(h.HEADERS, h.END_HEADERS | h.END_STREAM | h.PADDED, 1, b"\xff" + h.block(GET)), PROTOCOL),
    ("6.2 another stream's HEADERS within a header block", BEGUN + h.headers(3, GET), PROTOCOL),
]

OTHERS = [
    ("6.3 PRIORITY on stream 0", h.priority(0), PROTOCOL),
    ("6.3 PRIORITY of 4 bytes", OPEN + h.frame(h.PRIORITY, 0, 1, b"1234"), any_error(1, h.FRAME_SIZE_ERROR)),
    ("6.3 PRIORITY of 6 bytes", OPEN + h.frame(h.PRIORITY, 0, 1, b"123456"), any_error(1, h.FRAME_SIZE_ERROR)),
    ("6.4 RST_STREAM on stream 0", h.rst(0), PROTOCOL),
    ("6.4 RST_STREAM of 3 bytes", OPEN + h.frame(h.RST_STREAM, 0, 1, b"123"), SIZE),
    ("6.4 RST_STREAM of 5 bytes", OPEN + h.frame(h.RST_STREAM, 0, 1, b"12345"), SIZE),
    ("6.6 PUSH_PROMISE of a client", OPEN + h.frame(h.PUSH_PROMISE, h.END_HEADERS, 1, b"\0\0\0\2" + h.block(GET)), PROTOCOL),
    ("6.7 PING on a stream", h.ping(stream=1), PROTOCOL),
    ("6.7 PING of 7 bytes", h.ping(b"1234567"), SIZE),
    ("6.7 PING of 9 bytes", h.ping(b"123456789"), SIZE),
    ("6.7 an answer that nobody has asked for", h.ping(b"12345678", ack=True), alive),
    ("6.8 GOAWAY on a stream", h.goaway(stream=1), PROTOCOL),
    ("6.8 GOAWAY of 7 bytes", h.frame(h.GOAWAY, 0, 0, b"1234567"), SIZE),
    ("6.8 GOAWAY while a request is under way", OPEN + h.goaway() + h.data(1, end=True), answered(1)),
    ("6.8 GOAWAY with a text and an unknown code", OPEN + h.goaway(0, 0xabcdef, b"why") + h.data(1, end=True), answered(1)),
    ("6.8 GOAWAY while nothing is under way", h.goaway(), closed),
]

SETTINGS = [
    ("6.5 SETTINGS on a stream", h.settings((1, 1), stream=1), PROTOCOL),
    ("6.5 SETTINGS of 5 bytes", h.frame(h.SETTINGS, 0, 0, b"12345"), SIZE),
    ("6.5 SETTINGS of 7 bytes", h.frame(h.SETTINGS, 0, 0, b"1234567"), SIZE),
    ("6.5 an acknowledgement with settings", h.frame(h.SETTINGS, h.ACK, 0, b"\0\1\0\0\0\1"), SIZE),
    ("6.5 empty SETTINGS", h.settings(), alive),
    ("6.5.2 ENABLE_PUSH of 2", h.settings((h.ENABLE_PUSH, 2)), PROTOCOL),
    ("6.5.2 INITIAL_WINDOW_SIZE of 2^31", h.settings((h.INITIAL_WINDOW_SIZE, 1 << 31)), connection_error(h.FLOW_CONTROL_ERROR)),
    ("6.5.2 INITIAL_WINDOW_SIZE of 2^31-1", h.settings((h.INITIAL_WINDOW_SIZE, (1 << 31) - 1)), alive),
    ("6.5.2 MAX_FRAME_SIZE of 16,383", h.settings((h.MAX_FRAME_SIZE, 16383)), PROTOCOL),
    ("6.5.2 MAX_FRAME_SIZE of 2^24", h.settings((h.MAX_FRAME_SIZE, 1 << 24)), PROTOCOL),
    ("6.5.2 MAX_FRAME_SIZE of 2^24-1", h.settings((h.MAX_FRAME_SIZE, (1 << 24) - 1)), alive),
    ("6.5.2 MAX_CONCURRENT_STREAMS of 0", h.settings((h.MAX_CONCURRENT_STREAMS, 0)), alive),
    ("6.5.2 HEADER_TABLE_SIZE of 0", h.settings((h.HEADER_TABLE_SIZE, 0)), alive),
    ("6.5.2 HEADER_TABLE_SIZE of 2^32-1", h.settings((h.HEADER_TABLE_SIZE, (1 << 32) - 1)), alive),
    ("6.5.3 the last of two values holds", h.settings((h.INITIAL_WINDOW_SIZE, 0), (h.INITIAL_WINDOW_SIZE, 65535)), alive),
    ("8441 3 ENABLE_CONNECT_PROTOCOL of 2", h.settings((h.ENABLE_CONNECT_PROTOCOL, 2)), PROTOCOL),
    ("9218 2.1 NO_RFC7540_PRIORITIES of 2", h.settings((h.NO_RFC7540_PRIORITIES, 2)), PROTOCOL),
]

WINDOWS = [
    ("6.9 WINDOW_UPDATE of 3 bytes", h.frame(h.WINDOW_UPDATE, 0, 0, b"123"), SIZE),
    ("6.9 WINDOW_UPDATE of 5 bytes", h.frame(h.WINDOW_UPDATE, 0, 0, b"12345"), SIZE),
    ("6.9 an increment of 0 on the connection", h.window(0, 0), PROTOCOL),
    ("6.9 an increment of 0 on a stream", OPEN + h.window(1, 0), any_error(1, h.PROTOCOL_ERROR)),
    ("6.9 the reserved bit of an increment", h.window(0, 0x80000001), alive),
    ("6.9.1 a connection's window above 2^31-1", h.window(0, 0x7fffffff) * 2, connection_error(h.FLOW_CONTROL_ERROR)),
    ("6.9.1 a stream's window above 2^31-1", OPEN + h.window(1, 0x7fffffff), stream_error(1, h.FLOW_CONTROL_ERROR)),
    ("6.9.2 a setting that lifts a stream's window above 2^31-1",
     OPEN + h.window(1, 0x7fffffff - 65535) + h.settings((h.INITIAL_WINDOW_SIZE, 65536)), any_error(1, h.FLOW_CONTROL_ERROR)),
]

CONTINUATIONS = [
    ("6.10 a block in three pieces", BEGUN + h.continuation(1, REST[:9], end=False) + h.continuation(1, REST[9:]), answered(1)),
    ("6.10 pieces of one byte each", h.frame(h.HEADERS, h.END_STREAM, 1, h.block(GET)[:-3]) +
     b"".join(h.continuation(1, h.block(GET)[-i:][:1], end=i == 1) for i in (3, 2, 1)), answered(1)),
    ("6.10 an empty piece", BEGUN + h.continuation(1, b"", end=False) + h.continuation(1, REST), answered(1)),
    ("6.10 on stream 0", BEGUN + h.continuation(0, REST), PROTOCOL),
    ("6.10 on another stream", BEGUN + h.continuation(3, REST), PROTOCOL),
    ("6.10 after the end of the block", h.headers(1, GET) + h.continuation(1, b""), connection_error(h.PROTOCOL_ERROR, h.STREAM_CLOSED)),
    ("6.10 PING in between", BEGUN + h.ping() + h.continuation(1, REST), PROTOCOL),
    ("6.10 SETTINGS in between", BEGUN + h.settings() + h.continuation(1, REST), PROTOCOL),
    ("6.10 WINDOW_UPDATE in between", BEGUN + h.window(0, 1) + h.continuation(1, REST), PROTOCOL),
    ("6.10 DATA in between", BEGUN + h.data(1, b"x") + h.continuation(1, REST), PROTOCOL),
    ("6.10 RST_STREAM in between", BEGUN + h.rst(1) + h.continuation(1, REST), PROTOCOL),
    ("6.10 pieces without end", BEGUN + h.continuation(1, h.block([("a", "b")]), end=False) * 2000, closed),
]

CASES = DATA + HEADERS + OTHERS + SETTINGS + WINDOWS + CONTINUATIONS

"""HTTP/2 frames by hand on a TCP connection: for what clients' libraries refuse to send (RFC 9113 4 to 6)."""
import socket
import struct

import hpack
import hyperframe.frame as hyper

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITY_FLAG = 0x4, 0x8, 0x20
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL,
 COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE) = range(1, 7)
ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES = 8, 9


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """`length` may lie."""
    return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(text):
    """HPACK's string, not Huffman-coded (RFC 7541 5.2)."""
    text = text if isinstance(text, bytes) else text.encode()
    size, out = len(text), b""
    if size >= 127:
        size, out = size - 127, b"\x7f"
        while size >= 128:
            out, size = out + bytes([128 + size % 128]), size // 128
    return out + bytes([size]) + text


def block(fields):
    """Literals without indexing (RFC 7541 6.2.2)."""
    return b"".join(b"\0" + literal(name) + literal(value) for name, value in fields)


def headers(stream, fields, end=True, flags=0, extra=b""):
    return frame(HEADERS, END_HEADERS | flags | (END_STREAM if end else 0), stream, extra + block(fields))


def data(stream, payload=b"", end=False, flags=0):
    return frame(DATA, flags | (END_STREAM if end else 0), stream, payload)


def settings(*pairs, ack=False, stream=0):
    return frame(SETTINGS, ACK if ack else 0, stream, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def rst(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(payload=b"........", ack=False, stream=0):
    return frame(PING, ACK if ack else 0, stream, payload)


def window(stream, more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def priority(stream, on=0, weight=15):
    return frame(PRIORITY, 0, stream, struct.pack(">IB", on, weight))


def goaway(last=0, code=NO_ERROR, text=b"", stream=0):
    return frame(GOAWAY, 0, stream, struct.pack(">II", last, code) + text)


def continuation(stream, payload=b"", end=True):
    return frame(CONTINUATION, END_HEADERS if end else 0, stream, payload)


class Wire:
    """A connection of a client that has said its preface, unless told otherwise."""

    def __init__(self, address, *pairs, greet=True):
        self.socket = socket.create_connection(address, timeout=4)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.decoder = hpack.Decoder()
        self.frames, self.heads, self.bytes = [], {}, b""
        self.closed = False
        self.pings = 0
        if greet:
            self.send(PREFACE + settings(*pairs))
            self.read_until(lambda: self.of(hyper.SettingsFrame, lambda one: "ACK" not in one.flags))
            self.send(settings(ack=True))
            self.read_until(lambda: self.of(hyper.SettingsFrame, lambda one: "ACK" in one.flags))

    def send(self, payload):
        try:
            self.socket.sendall(payload)
        except OSError:
            pass  # The server has hung up; what it said before is read nevertheless.

    def finish(self):
        """Says FIN."""
        self.socket.shutdown(socket.SHUT_WR)

    def of(self, kind, that=lambda _: True):
        return [one for one in self.frames if isinstance(one, kind) and that(one)]

    def read_until(self, true):
        """Reads frames until this holds or the server has closed the connection."""
        while not true() and not self.closed:
            one = self._frame()
            if one is None:
                self.closed = True
                break
            self.frames.append(one)
            if isinstance(one, (hyper.HeadersFrame, hyper.ContinuationFrame)):
                assert "END_HEADERS" in one.flags, "a response's head in one frame was expected"
                self.heads.setdefault(one.stream_id, []).append(self.decoder.decode(one.data))
        return true()

    def _take(self, count):
        while len(self.bytes) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.bytes += more
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def _frame(self):
        head = self._take(9)
        if head is None:
            return None
        one, length = hyper.Frame.parse_frame_header(memoryview(head))
        body = self._take(length)
        if body is None:
            return None
        one.parse_body(memoryview(body))
        return one

    def settle(self):
        """All that was sent is dealt with. PINGs overtake other frames, so that it takes two. False: the connection is closed."""
        for _ in range(2):
            self.pings += 1
            mark = struct.pack(">Q", self.pings)
            self.send(ping(mark))
            self.read_until(lambda: self.of(hyper.PingFrame, lambda one: "ACK" in one.flags and one.opaque_data == mark))
        return not self.closed

    def ended(self, stream):
        return self.of((hyper.HeadersFrame, hyper.DataFrame), lambda one: one.stream_id == stream and "END_STREAM" in one.flags)

    def resets(self, stream):
        return [one.error_code for one in self.of(hyper.RstStreamFrame, lambda one: one.stream_id == stream)]

    def goaways(self):
        return self.of(hyper.GoAwayFrame)

    def body(self, stream):
        return b"".join(one.data for one in self.of(hyper.DataFrame, lambda one: one.stream_id == stream))

    def status(self, stream):
        """Waits for the end of a stream and gives its status; None if it was reset."""
        self.read_until(lambda: self.ended(stream) or self.resets(stream))
        final = [dict(head) for head in self.heads.get(stream, [])]
        final = [head[":status"] for head in final if not head.get(":status", "1").startswith("1")]
        return int(final[0]) if final and self.ended(stream) else None

    def close(self):
        self.socket.close()

"""RFC 9113 section 8: what makes a request malformed. (name, what is sent, what must come of it)"""
import http2_wire as h
from http2_expectations import GET, POST, answered, any_error, malformed, stream_error

OPEN = h.headers(1, POST, end=False)
BARE = GET[:3]  # Without :authority.


def without(name, fields=GET):
    return [field for field in fields if field[0] != name]


def changed(name, value, fields=GET):
    return [(key, value if key == name else was) for key, was in fields]


BAD, GOOD = malformed(1), answered(1)


def field(name, value, fate=BAD):
    return h.headers(1, GET + [(name, value)]), fate


FIELDS = [(f"{name}", *field(*rest)) for name, *rest in [
    ("8.2 a field of any name", "x-any", "thing", GOOD),
    ("8.2.1 a name in upper case", "X-Any", "x"),
    ("8.2.1 an empty name", "", "x"),
    ("8.2.1 a blank in a name", "x any", "x"),
    ("8.2.1 a control character in a name", "x\x01", "x"),
    ("8.2.1 DEL in a name", "x\x7f", "x"),
    ("8.2.1 a byte above ASCII in a name", b"x\xe4", "x"),
    ("8.2.1 a colon in a name", "x:any", "x"),
    ("8.2.1 LF in a value", "x-any", "a\nb"),
    ("8.2.1 CR in a value", "x-any", "a\rb"),
    ("8.2.1 CRLF and a field in a value", "x-any", "a\r\nhost: b"),
    ("8.2.1 NUL in a value", "x-any", "a\0b"),
    ("8.2.1 a blank before a value", "x-any", " a"),
    ("8.2.1 a blank after a value", "x-any", "a "),
    ("8.2.1 a tab before a value", "x-any", "\ta"),
    ("8.2.1 a tab after a value", "x-any", "a\t"),
    ("8.2.1 an empty value", "x-any", "", GOOD),
    ("8.2.1 a blank and a tab within a value", "x-any", "a \tb", GOOD),
    ("8.2.2 connection", "connection", "keep-alive"),
    ("8.2.2 keep-alive", "keep-alive", "timeout=5"),
    ("8.2.2 proxy-connection", "proxy-connection", "keep-alive"),
    ("8.2.2 transfer-encoding", "transfer-encoding", "chunked"),
    ("8.2.2 upgrade", "upgrade", "h2c"),
    ("8.2.2 te: trailers", "te", "trailers", GOOD),
    ("8.2.2 te: gzip", "te", "gzip"),
    ("8.2.2 te: trailers, gzip", "te", "trailers, gzip"),
    ("8.2.3 a cookie", "cookie", "a=b", GOOD),
    ("8.3 an unknown pseudo-header field", ":unknown", "x"),
    ("8.3 a response's pseudo-header field", ":status", "200"),
    ("8.3 :method twice", ":method", "GET"),
    ("8.3 :path twice", ":path", "/"),
    ("8.3 :scheme twice", ":scheme", "http"),
    ("8.3 :authority twice", ":authority", "web"),
    ("8.3.1 host beside the same :authority", "host", "web", GOOD),
    ("8.3.1 host beside another :authority", "host", "other"),
    ("8.1.1 content-length of a request without content", "content-length", "1"),
    ("8.1.1 content-length of 0", "content-length", "0", GOOD),
    ("8.1.1 content-length that is no number", "content-length", "one"),
    ("8.1.1 content-length below 0", "content-length", "-1"),
    ("8.1.1 content-length beyond 64 bits", "content-length", "99999999999999999999"),
]]

PSEUDO = [
    ("8.2.3 cookies in crumbs", h.headers(1, GET + [("cookie", "a=b"), ("x", "y"), ("cookie", "c=d")]), GOOD),
    ("8.3 a pseudo-header field after the others", h.headers(1, without(":path") + [("x", "y"), (":path", "/")]), BAD),
    ("8.3.1 no :method", h.headers(1, without(":method")), BAD),
    ("8.3.1 no :scheme", h.headers(1, without(":scheme")), BAD),
    ("8.3.1 no :path", h.headers(1, without(":path")), BAD),
    ("8.3.1 an empty :path", h.headers(1, changed(":path", "")), BAD),
    ("8.3.1 a :path without its slash", h.headers(1, changed(":path", "x")), BAD),
    ("8.3.1 a blank in :path", h.headers(1, changed(":path", "/a b")), BAD),
    ("8.3.1 an empty :method", h.headers(1, changed(":method", "")), BAD),
    ("8.3.1 a :method that is no token", h.headers(1, changed(":method", "G T")), BAD),
    ("8.3.1 an empty :scheme", h.headers(1, changed(":scheme", "")), BAD),
    ("8.3.1 CRLF in :path", h.headers(1, changed(":path", "/ HTTP/1.1\r\nx: y")), BAD),
    ("8.3.1 CRLF in :authority", h.headers(1, changed(":authority", "web\r\nx: y")), BAD),
    ("8.3.1 CRLF in :method", h.headers(1, changed(":method", "GET / HTTP/1.1\r\nx: ")), BAD),
    ("8.3.1 host in place of :authority", h.headers(1, BARE + [("host", "web")]), GOOD),
    ("8.3.1 neither :authority nor host", h.headers(1, BARE), BAD),
    ("8.3.1 host twice", h.headers(1, BARE + [("host", "web"), ("host", "web")]), BAD),
    ("8.1.1 content-length twice", h.headers(1, POST + [("content-length", "1"), ("content-length", "2")], end=False), BAD),
    ("8.5 CONNECT with :path", h.headers(1, [(":method", "CONNECT"), (":path", "/"), (":authority", "web:80")], end=False), BAD),
    ("8.5 CONNECT with :scheme", h.headers(1, [(":method", "CONNECT"), (":scheme", "http"), (":authority", "web:80")], end=False), BAD),
    ("8.5 CONNECT without :authority", h.headers(1, [(":method", "CONNECT")], end=False), BAD),
    ("8441 4 :protocol of a GET", h.headers(1, GET + [(":protocol", "websocket")]), BAD),
    ("8441 4 CONNECT with :protocol, without :path",
     h.headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", "web")], end=False), BAD),
]


def upload(declared, *pieces):
    sent = [h.data(1, piece, end=i == len(pieces) - 1) for i, piece in enumerate(pieces)]
    return h.headers(1, POST + [("content-length", declared)], end=False) + b"".join(sent)


BODIES = [
    ("8.1 trailers", OPEN + h.data(1, b"x") + h.headers(1, [("x-sum", "1")]), GOOD),
    ("8.1 trailers that do not end the stream", OPEN + h.headers(1, [("x-sum", "1")], end=False), BAD),
    ("8.1 a pseudo-header field in trailers", OPEN + h.headers(1, [(":path", "/")]), BAD),
    ("8.1 a name in upper case in trailers", OPEN + h.headers(1, [("X-Sum", "1")]), BAD),
    ("8.1 connection in trailers", OPEN + h.headers(1, [("connection", "close")]), BAD),
    ("8.1 trailers after the end", OPEN + h.data(1, end=True) + h.headers(1, [("x-sum", "1")]), any_error(1, h.STREAM_CLOSED)),
    ("8.1.1 content as long as declared", upload("6", b"abc", b"", b"def"), GOOD),
    ("8.1.1 content shorter than declared", upload("6", b"abc", b"de"), BAD),
    ("8.1.1 content longer than declared", upload("6", b"abc", b"defg"), BAD),
    ("8.1.1 trailers before all that was declared",
     h.headers(1, POST + [("content-length", "6")], end=False) + h.data(1, b"abc") + h.headers(1, [("x-sum", "1")]), BAD),
]

CASES = FIELDS + PSEUDO + BODIES

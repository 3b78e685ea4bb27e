"""A task: at its start it makes one connection to each target, all at once, and says what became of them.

Arguments: NAME=allow|deny=HOST:PORT[/], with "/" an HTTP request is answered, too. It prints a line for each target,

    NAME VERDICT CAUSE DUE_NS CONNECT_NS END_NS ADDRESS PORT

where VERDICT is "ok" or "wrong", CAUSE one of docs/load-output.md or "-", and times are Unix times. Its exit status has bit N
for the Nth target that went wrong. It needs none but built-in modules: each other one takes time.
"""

import _socket
import select
import sys
import time
from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH

PATIENCE_NS = 5_000_000_000
REQUEST = b"GET / HTTP/1.1\r\nHost: target\r\nConnection: close\r\n\r\n"


class Attempt:
    def __init__(self, text, due):
        self.name, self.expected, where = text.split("=")
        self.asks = where.endswith("/")
        host, port = where.rstrip("/").rsplit(":", 1)
        self.due, self.connect, self.end = due, 0, 0
        self.address, self.port = "-", int(port)
        self.socket, self.answer, self.connected, self.cause = None, b"", False, None
        try:
            self.address = _socket.getaddrinfo(host, self.port, _socket.AF_INET, _socket.SOCK_STREAM)[0][4][0]
        except OSError:
            self.over("name-not-resolved")
            return
        self.connect = time.time_ns()
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.connect_ex((self.address, self.port))

    def over(self, cause):
        self.cause, self.end = cause, time.time_ns()
        if self.socket is not None:
            self.socket.close()

    def step(self):
        """Something has happened to the socket."""
        if self.connected:
            return self.read()
        error = self.socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if error != 0:
            refusals = {ECONNREFUSED: "connection-refused", EHOSTUNREACH: "no-endpoint", ENETUNREACH: "no-endpoint"}
            return self.over(refusals.get(error, "connect-timeout"))
        self.connected = True
        if not self.asks or self.expected == "deny":
            return self.over("-")
        try:
            self.socket.send(REQUEST)
        except OSError:
            self.over("reset-before-request-written")

    def read(self):
        try:
            part = self.socket.recv(4096)
        except OSError:
            return self.over("reset-after-request-written")
        self.answer += part
        if not part:
            good = self.answer.startswith(b"HTTP/1.1 200 ")
            self.over("-" if good else "malformed-response" if self.answer else "closed-before-response")

    def wanted(self):
        return select.POLLIN if self.connected else select.POLLOUT

    def line(self):
        if self.expected == "deny":
            # Without a name nothing was tried.
            right = self.cause in ("connection-refused", "no-endpoint", "connect-timeout")
            shown = self.cause if right or self.cause != "-" else "not-denied"
        else:
            right = self.cause == "-"
            shown = self.cause
        self.wrong = not right
        return (f"{self.name} {'ok' if right else 'wrong'} {shown} {self.due} {self.connect} {self.end} "
                f"{self.address} {self.port}")


def main(targets):
    due = time.time_ns()
    attempts = [Attempt(text, due) for text in targets]
    while True:
        pending = [one for one in attempts if one.cause is None]
        left = (due + PATIENCE_NS - time.time_ns()) // 1_000_000
        if not pending or left <= 0:
            break
        poll = select.poll()
        by_fd = {one.socket.fileno(): one for one in pending}
        for fd, one in by_fd.items():
            poll.register(fd, one.wanted())
        for fd, _ in poll.poll(left):
            by_fd[fd].step()
    for one in pending:
        one.over("response-timeout" if one.connected else "connect-timeout")
    print("\n".join(one.line() for one in attempts), flush=True)
    return sum(one.wrong << bit for bit, one in enumerate(attempts))


sys.exit(main(sys.argv[1:]))

"""A proxy on loopback, and servers for it that do what a test wants: raw sockets, so that every byte and every close is the test's own."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

HITLESS = pathlib.Path(os.environ.get("HITLESS", pathlib.Path(__file__).resolve().parents[2] / "build/hitless"))
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def said(process, pattern):
    """What the first line like this says."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"{process.args} ended: {lines}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Calls `serve(connection)` in a thread for each connection."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError), connection:
            self.serve(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def read_head(connection):
    """A message up to its empty line, and what came after."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data, b""
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", rest


class Proxy:
    """`hitless proxy sidecar` before one server."""

    def __init__(self, target, *flags, env=None):
        self.port, self.admin = free_port(), free_port()
        command = [HITLESS, "proxy", "sidecar", "--inbound", f"127.0.0.1:{self.port}=127.0.0.1:{target}", "--admin", f"127.0.0.1:{self.admin}",
                   "--status-port", "0", "--removal-wait", "0s", *flags]
        self.process = subprocess.Popen(command, env={**os.environ, **(env or {})}, **PIPES)
        said(self.process, "is led to")
        self.lines = []
        self._seen = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._seen:
                self.lines.append(line.rstrip("\n"))
                self._seen.notify_all()

    def line(self, pattern, timeout=10):
        """Waits for a line like this."""
        def found():
            return next((line for line in self.lines if re.search(pattern, line)), None)
        with self._seen:
            assert self._seen.wait_for(found, timeout), f"no line like {pattern}: {self.lines}"
            return found()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

"""The gRPC test application as a process, and small helpers for clients of it."""
import json
import os
import pathlib
import re
import signal
import subprocess

HITLESS = pathlib.Path(os.environ.get("HITLESS", pathlib.Path(__file__).resolve().parents[2] / "build/hitless"))


class App:
    """hitless-testapp-grpc on a free port; `lines` gives what it says, one after the other."""

    def __init__(self, *flags, name="web-0", port=0):
        self.process = subprocess.Popen([HITLESS.with_name("hitless-testapp-grpc"), "--port", str(port), "--pod-name", name, *flags],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r"listening on port (\d+) as " + name, self.line()).group(1))
        self.address = f"127.0.0.1:{self.port}"

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def terminate(self):
        """Gives the line that says that the signal has been seen."""
        self.process.send_signal(signal.SIGTERM)
        return self.line()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Load:
    """`hitless load WORDS` under way."""

    def __init__(self, *words, prefix=()):
        self.process = subprocess.Popen([*prefix, HITLESS, "load", *words, "--stop-on-signal", "-o", "json"], stdout=subprocess.PIPE, text=True)

    def result(self):
        """Waits for the end and gives the result."""
        text, _ = self.process.communicate(timeout=100)
        return json.loads(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.result()


def load(*words):
    return Load(*words).result()


def causes(result, which="failures"):
    return result[which]["causes"]

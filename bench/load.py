"""The load generator: requests per second of CPU time, and how exactly it keeps to its schedule; over gRPC beside h2load."""
import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

HITLESS = os.environ["HITLESS"]
TESTAPP = os.path.join(os.path.dirname(HITLESS), "hitless-testapp")
METHOD = "hitless.Test/WhoAmI"
SECONDS = 3


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(url, *words):
    before = cpu_seconds()
    done = subprocess.run([HITLESS, "load", url, *words, f"duration={SECONDS}s", "-o", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout), cpu_seconds() - before


def rows(case, result, cpu, peer):
    print(f"{case}: {result['failed']} failed", file=sys.stderr)
    return [
        {"case": case, "metric": "rate", "value": result["succeeded"] / (result["durationNs"] / 1e9), "unit": "1/s"},
        {"case": case, "metric": "per CPU s", "value": result["succeeded"] / cpu, "unit": "1/s", "peer": peer},
        {"case": case, "metric": "late p50", "value": result["sendDelayMs"]["p50"], "unit": "ms"},
        {"case": case, "metric": "late p99", "value": result["sendDelayMs"]["p99"], "unit": "ms"},
    ]


def h2load(port, rate):
    """RPCs per second of CPU time of nghttp2's h2load: the same request at the same rate on one connection."""
    with tempfile.NamedTemporaryFile() as message:
        message.write(bytes(5))  # gRPC's prefix of an empty message
        message.flush()
        before = cpu_seconds()
        done = subprocess.run(["h2load", "-c", "1", "-m", "100", "--rps", str(rate), "-D", str(SECONDS), "-d", message.name, "-H", "te: trailers",
                               "-H", "content-type: application/grpc", f"http://127.0.0.1:{port}/{METHOD}"],
                              capture_output=True, text=True, check=True)
        cpu = cpu_seconds() - before
    return int(re.search(r"(\d+) succeeded", done.stdout).group(1)) / cpu


def http_rows():
    with serving(TESTAPP) as port:
        for mode, rate in [("keepalive", 500), ("keepalive", 20000), ("new", 500), ("new", 5000)]:
            result, cpu = measure(f"http://127.0.0.1:{port}/", f"rate={rate}", mode)
            yield from rows(f"{mode}, {rate}/s asked", result, cpu, {"target": 10000})


def grpc_rows():
    with serving(TESTAPP + "-grpc") as port:
        for rate in (500, 5000):
            result, cpu = measure(f"grpc://127.0.0.1:{port}/{METHOD}", f"rate={rate}")
            yield from rows(f"grpc, {rate}/s asked", result, cpu, {"name": "h2load", "value": h2load(port, rate)})


@contextlib.contextmanager
def serving(program):
    with subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(re.search(r"port (\d+)", server.stdout.readline()).group(1))
        finally:
            server.terminate()


def main():
    json.dump([*http_rows(), *grpc_rows()], sys.stdout)


main()

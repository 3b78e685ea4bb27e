"""The load generator: requests per second of CPU time, and how exactly it keeps to its schedule."""
import json
import os
import re
import resource
import subprocess
import sys

HITLESS = os.environ["HITLESS"]
TESTAPP = os.path.join(os.path.dirname(HITLESS), "hitless-testapp")
SECONDS = 3


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(port, mode, rate):
    before = cpu_seconds()
    done = subprocess.run([HITLESS, "load", f"http://127.0.0.1:{port}/ rate={rate} duration={SECONDS}s {mode}", "-o", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout), cpu_seconds() - before


def rows(port, mode, rate):
    result, cpu = measure(port, mode, rate)
    case = f"{mode}, {rate}/s asked"
    print(f"{case}: {result['failed']} failed", file=sys.stderr)
    return [
        {"case": case, "metric": "rate", "value": result["succeeded"] / (result["durationNs"] / 1e9), "unit": "1/s"},
        {"case": case, "metric": "per CPU s", "value": result["succeeded"] / cpu, "unit": "1/s", "peer": {"target": 10000}},
        {"case": case, "metric": "late p50", "value": result["sendDelayMs"]["p50"], "unit": "ms"},
        {"case": case, "metric": "late p99", "value": result["sendDelayMs"]["p99"], "unit": "ms"},
    ]


def main():
    server = subprocess.Popen([TESTAPP, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"port (\d+)", server.stdout.readline()).group(1))
        out = []
        for mode, rate in [("keepalive", 500), ("keepalive", 20000), ("new", 500), ("new", 5000)]:
            out += rows(port, mode, rate)
        json.dump(out, sys.stdout)
    finally:
        server.terminate()
        server.wait()


main()

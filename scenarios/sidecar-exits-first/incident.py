"""Scales a Deployment to 0 while a request is on its way to its pod, once for each way in which the pod's proxy can end.

Each variant is a copy of Deployment, Service and HTTPRoute graceful-shutdown-app in a namespace of its own, all at the same time behind
one gateway. A request counts as failed if it did not come to what the variant is there to show: that a proxy which leaves after 5 s
cuts it, and that one which waits for it does not. The result is the JSON of `hitless load` (docs/load-output.md); its notes are a table.
"""

import argparse
import json
import math
import os
import pathlib
import signal
import sys
import threading
import time

try:
    import kubernetes
except ImportError as error:
    print(f"this client needs python3-kubernetes: {error}")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))
from load_result import Failures, Latencies  # noqa: E402
from variant import Run, Variant  # noqa: E402

HEADER = (f"{'drain':20}{'sidecar':10}{'grace':>5}  {'answer':>6}{'after':>9}  {'flags':5}  {'pod gone':>9}")


def variants(arguments):
    """What each is expected to come to: the status of the answer."""
    grace = arguments.grace
    rows = []
    for form in ("container", "native"):
        ordinary = form == "container"
        rows += [Variant(f"fixed:{arguments.fixed}", form, grace, 503 if ordinary else 200),
                 Variant(arguments.zero_connections, form, grace, 200),
                 Variant("requests", form, grace, 200),
                 Variant("requests", form, arguments.short_grace, 503)]
    return rows


def row(run):
    gone = "never" if run.gone is None else f"{run.gone - run.scaled:.2f} s"
    after = "" if run.answered is None else f"{run.answered - run.scaled:.2f} s"
    variant = run.variant
    return (f"{variant.drain:20}{variant.form:10}{variant.grace:>3} s  {run.status or 'none':>6}{after:>9}  "
            f"{run.gateway.get('response_flags') or '-':5}  {gone:>9}")


def explanations(run):
    """What the gateway and the pod's proxy wrote of a request that was cut, and what it would have needed."""
    lines = []
    if run.status != 200:
        name, answer = run.variant.name, run.error or run.body
        lines.append(f"{name}: the gateway: {run.gateway.get('response_code_details')}: {answer}")
        lines += [f"{name}: its proxy: {line}" for line in run.report]
    if run.status != 200 and run.variant.drain == "requests":
        missing = run.asked + run.delay - run.scaled
        lines.append(f"{name}: the request had {missing:.1f} s before it: terminationGracePeriodSeconds {math.ceil(missing) + 1} "
                     f"would have done, and was {run.variant.grace}")
    return lines


def result(runs, started):
    failures, latencies = Failures(), Latencies()
    for run in runs:
        if run.status == run.variant.expected:
            latencies.values.append(int((run.answered - run.asked) * 1e9))
            continue
        failures.add({"cause": "http-status" if run.status else "connection-closed",
                      "time": {"scheduled": run.asked_ns, "failed": time.time_ns()},
                      "detail": f"{run.variant.name}: {run.status or run.error}, expected {run.variant.expected}"})
    notes = [HEADER, *map(row, runs)]
    for run in runs:
        notes += ["".join(filter(str.isprintable, " ".join(line.split()))) for line in explanations(run)]
    return {"schema": "hitless.io/load/v1", "startedUnixNs": started, "durationNs": time.time_ns() - started, "sent": len(runs),
            "failed": failures.count(), "failures": failures.json(), "latencyMs": latencies.json(),
            "outstanding": {"max": len(runs), "capHits": 0}, "notes": [note[:500] for note in notes[:50]]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=10, help="seconds that the request takes")
    parser.add_argument("--fixed", default="5s", help="after which a proxy leaves that does not look")
    parser.add_argument("--zero-connections", default="zero-connections", help="that mode, with the time of its first look")
    parser.add_argument("--grace", type=int, default=30, help="terminationGracePeriodSeconds")
    parser.add_argument("--short-grace", type=int, default=5, help="the same, less than the request takes")
    parser.add_argument("--kubeconfig", default=os.environ.get("KUBECONFIG"))
    parser.add_argument("--output", default=os.environ.get("HITLESS_OUTPUT"))
    arguments = parser.parse_args()
    if os.environ.get("HITLESS_CHECK"):
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end before the end"))
    api = kubernetes.config.new_client_from_config(arguments.kubeconfig)
    started = time.time_ns()
    runs = [Run(api, variant, arguments.delay) for variant in variants(arguments)]
    threads = [threading.Thread(target=run.carry_out, daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        if run.trouble:
            sys.exit(f"{run.variant.name}: {run.trouble}")
    text = json.dumps(result(runs, started))
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()

"""A client as a scenario may bring one: asks the Service by its name, and reports what it saw."""
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

if os.environ.get("PROBE_LACKS"):
    print(f"needs {os.environ['PROBE_LACKS']}", file=sys.stderr)
    sys.exit(77)
if os.environ.get("HITLESS_CHECK"):
    sys.exit(0)

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
succeeded, failures = 0, []
while not stop.wait(0.02):
    begin = time.time_ns()
    try:
        # The search list of a pod of namespace default makes "web" the Service.
        urllib.request.urlopen("http://web/", timeout=5).read()
        succeeded += 1
    except OSError as error:
        reason = getattr(error, "reason", error)
        refused = isinstance(reason, ConnectionRefusedError)
        failures.append({"cause": "connection-refused" if refused else "closed-before-response",
                         "detail": str(reason), "time": {"scheduled": begin, "connect": begin, "failed": time.time_ns()}})
with open(os.environ["HITLESS_OUTPUT"], "w") as output:
    json.dump({"schema": "hitless.io/load/v1", "sent": succeeded + len(failures), "failures": {"list": failures},
               "resolvConf": open("/etc/resolv.conf").read()}, output)

"""A gRPC client as applications have them: grpc's C-core through python3-grpcio, with default settings.

It calls /hitless.Test/WhoAmI at a fixed rate (open loop) until SIGTERM, and writes what it saw as the JSON of
`hitless load` (docs/load-output.md) to --output or $HITLESS_OUTPUT. Several targets are a fallback list: a channel
each, and an RPC that is UNAVAILABLE on one is tried on the next.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time

try:
    import grpc
    import grpc.aio
except ImportError as error:
    print(f"this client needs python3-grpcio: {error}")
    sys.exit(77)

from load_result import Failures, Latencies

METHOD = "/hitless.Test/WhoAmI"
CHANNEL_STATES_AS_UP = (grpc.ChannelConnectivity.READY,)


def now_ns():
    return time.time_ns()


def cause_of(code, details):
    """The cause id of docs/load-output.md, as far as an application can tell it."""
    text = details.lower()
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return "response-timeout"
    if code != grpc.StatusCode.UNAVAILABLE:
        return "rpc-status"
    if "dns resolution failed" in text or "name resolution" in text or "c-ares" in text:
        return "name-not-resolved"
    if "failed to connect" in text or "timeout occurred" in text or "empty address list" in text:
        return "rpc-unavailable-backoff"
    if "goaway" in text:
        return "goaway-unprocessed"
    if "reset" in text or "broken pipe" in text:
        return "reset-after-request-written"
    if "socket closed" in text or "stream removed" in text or "eof" in text or "end of tcp" in text:
        return "closed-before-response"
    return "rpc-status"


class Channel:
    """One channel, and when it was not READY."""

    def __init__(self, target, options):
        self.target = target
        self.channel = grpc.aio.insecure_channel(target, options=options)
        self.call = self.channel.unary_unary(METHOD, request_serializer=None, response_deserializer=None)
        self.lost = None
        self.attempts = 0
        self.reconnects = []
        self.last_error = ""

    async def watch(self):
        state = self.channel.get_state(try_to_connect=False)
        was_ready = False
        while state != grpc.ChannelConnectivity.SHUTDOWN:
            if state in CHANNEL_STATES_AS_UP:
                if self.lost is not None:
                    self.end(now_ns())
                was_ready = True
            elif was_ready and self.lost is None:
                self.lost = now_ns()
            if state == grpc.ChannelConnectivity.CONNECTING:
                self.attempts += 1
            await self.channel.wait_for_state_change(state)
            state = self.channel.get_state(try_to_connect=False)

    def end(self, back):
        entry = {"host": self.target, "lostUnixNs": self.lost, "durationNs": (back or now_ns()) - self.lost,
                 "attempts": self.attempts}
        if back is not None:
            entry["backUnixNs"] = back
        if self.last_error:
            entry["lastError"] = self.last_error
        self.reconnects.append(entry)
        self.lost, self.attempts, self.last_error = None, 0, ""


class Client:
    def __init__(self, arguments):
        self.arguments = arguments
        options = [("grpc.lb_policy_name", arguments.lb)] if arguments.lb else []
        self.channels = [Channel(target, options) for target in arguments.targets]
        self.latencies = Latencies()
        self.stopping = asyncio.Event()
        self.pending = set()
        self.counts = {"scheduled": 0, "succeeded": 0, "failed": 0, "retried": 0}
        self.failures, self.retries = Failures(), Failures()
        self.statuses = {}
        self.seconds = []
        self.started = 0
        self.last_success = 0
        self.gap, self.gap_start = 0, 0
        self.most = 0

    async def rpc(self, due):
        failure = None
        for attempt, channel in enumerate(self.channels, 1):
            if failure is not None:
                self.counts["retried"] += 1
                self.retries.add(failure)
            try:
                await channel.call(b"", timeout=self.arguments.timeout)
                return self.succeeded(due)
            except grpc.aio.AioRpcError as error:
                failure = self.failure(due, attempt, channel, error)
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    break
        self.counts["failed"] += 1
        self.second(due)["failed"] += 1
        status = failure["grpc"]["status"]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.failures.add(failure)

    def failure(self, due, attempt, channel, error):
        details = error.details() or ""
        channel.last_error = details
        out = {"cause": cause_of(error.code(), details), "attempt": attempt, "host": channel.target,
               "time": {"scheduled": due, "failed": now_ns()},
               "grpc": {"status": error.code().value[0], "message": details}, "detail": details}
        return out

    def succeeded(self, due):
        now = now_ns()
        self.counts["succeeded"] += 1
        self.second(due)["succeeded"] += 1
        self.statuses[0] = self.statuses.get(0, 0) + 1
        self.latencies.values.append(max(0, now - due))
        self.note_gap(now)

    def note_gap(self, now):
        since = self.last_success or self.started
        if now - since > self.gap:
            self.gap, self.gap_start = now - since, since
        self.last_success = now

    def second(self, due):
        index = max(0, due - self.started) // 1_000_000_000
        while len(self.seconds) <= index:
            self.seconds.append({"sent": 0, "succeeded": 0, "failed": 0})
        return self.seconds[index]

    async def run(self):
        watchers = [asyncio.ensure_future(channel.watch()) for channel in self.channels]
        interval = 1e9 / self.arguments.rate
        self.started = now_ns()
        while not self.stopping.is_set():
            due = self.started + int(self.counts["scheduled"] * interval)
            wait = (due - now_ns()) / 1e9
            if wait > 0:
                try:
                    await asyncio.wait_for(self.stopping.wait(), wait)
                    break
                except asyncio.TimeoutError:
                    pass
            elif self.counts["scheduled"] % 8 == 0:
                await asyncio.sleep(0)  # Late: still let answers in.
            self.counts["scheduled"] += 1
            self.second(due)["sent"] += 1
            task = asyncio.ensure_future(self.rpc(due))
            self.pending.add(task)
            task.add_done_callback(self.pending.discard)
            self.most = max(self.most, len(self.pending))
        if self.pending:
            await asyncio.wait(set(self.pending))
        self.note_gap(now_ns())
        for watcher in watchers:
            watcher.cancel()
        for channel in self.channels:
            if channel.lost is not None:
                channel.end(None)

    def result(self):
        reconnects = [entry for channel in self.channels for entry in channel.reconnects]
        reconnects.sort(key=lambda entry: entry["lostUnixNs"])
        url = "grpc://" + ",".join(channel.target.split("/")[-1] for channel in self.channels)
        return {
            "schema": "hitless.io/load/v1",
            "load": {"url": url, "protocol": "grpc", "mode": "keepalive", "rate": self.arguments.rate,
                     "arrivals": "constant", "lb": self.arguments.lb or "pick_first", "resolve": "dns",
                     "timeoutNs": int((self.arguments.timeout or 0) * 1e9)},
            "startedUnixNs": self.started,
            "durationNs": now_ns() - self.started,
            "scheduled": self.counts["scheduled"],
            "sent": self.counts["scheduled"],
            "succeeded": self.counts["succeeded"],
            "failed": self.counts["failed"],
            "retried": self.counts["retried"],
            "statuses": {},
            "grpcStatuses": {str(code): count for code, count in sorted(self.statuses.items())},
            "latencyMs": self.latencies.json(),
            "sendDelayMs": {"count": 0},
            "longestGap": {"ms": self.gap / 1e6, "ns": self.gap, "startUnixNs": self.gap_start},
            "connections": {"opened": 0, "closedIdle": 0},
            "reconnects": {"count": len(reconnects), "list": reconnects[:1000],
                           "longestNs": max((entry["durationNs"] for entry in reconnects), default=0)},
            "outstanding": {"max": self.most, "capHits": 0},
            "backendLookup": "not known to a gRPC application",
            "failures": self.failures.json(),
            "retries": self.retries.json(),
            "perSecond": self.seconds,
        }


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="as grpc takes it: dns:///web.default:9090")
    parser.add_argument("--rate", type=float, default=100, help="RPCs per second (100)")
    parser.add_argument("--lb", help="load balancing policy; grpc's default is pick_first")
    parser.add_argument("--timeout", type=float, help="deadline of an RPC in seconds; by default it has none")
    parser.add_argument("--output", default=os.environ.get("HITLESS_OUTPUT"), help="where to write the result")
    client = Client(parser.parse_args())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, client.stopping.set)
    await client.run()
    text = json.dumps(client.result())
    if client.arguments.output:
        with open(client.arguments.output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    if os.environ.get("HITLESS_CHECK"):
        sys.exit(0)  # What it needs is there.
    asyncio.run(main())

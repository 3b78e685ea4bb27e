"""Runs many short tasks, each a pod of its own, as Airflow's KubernetesExecutor does.

One loop creates pods with labels of their own, so many at once and no more; one watch tells it what becomes of them; each is
deleted when it has succeeded or failed. What the tasks' connections came to (task.py) is written as the JSON of `hitless load`
(docs/load-output.md) to --output or $HITLESS_OUTPUT. A connection that must be allowed fails if it does not come about, one
that must be denied if it does. Before and after the tasks a pod that may do what they may not proves that it could be done.
"""

import argparse
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid

try:
    import kubernetes
except ImportError as error:
    print(f"this client needs python3-kubernetes: {error}")
    sys.exit(77)

if shutil.which("ip") is None:
    print("this client needs iproute2's ip, to give its node a second address")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))
from agent_metrics import Growth, Scrape  # noqa: E402
from leftover import leftover  # noqa: E402
from load_result import Failures, Latencies  # noqa: E402
from pods import OF_AUDITOR, OF_TASKS, SECOND_ADDRESS, pod, task_pod  # noqa: E402

NAMESPACE, OTHER_NAMESPACE = "airflow", "vault"
RULES, ELEMENTS = "hitless_network_policy_rules", "hitless_network_policy_elements"
TASK_SECONDS, QUIET_SECONDS = 60, 30


class Outcomes:
    """What became of the connections: a request each."""

    def __init__(self):
        self.failures, self.latencies, self.refusals = Failures(), Latencies(), []
        self.started, self.sent, self.silent = time.time_ns(), 0, 0

    def line(self, pod, text):
        name, verdict, cause, due, connect, end, address, port = text.split()
        self.sent += 1
        due, connect, end = int(due), int(connect), int(end)
        if verdict == "ok" and cause == "-":
            self.latencies.values.append(end - due)
        elif verdict == "ok":
            if cause == "connect-timeout":
                self.silent += 1
                print(f"{pod}: {name}, {address}:{port} was denied without an answer", flush=True)
            self.refusals.append(end - connect)
        else:
            times = {"scheduled": due, "failed": end, **({"connect": connect} if connect else {})}
            failure = {"cause": cause, "time": times, "host": name, "detail": f"{pod}, {name}"}
            if address != "-":
                failure["destination"] = {"ip": address, "port": int(port)}
            self.failures.add(failure)

    def never(self, pod, targets, why):
        """The pod did not say what became of its connections."""
        for target in targets:
            self.sent += 1
            self.failures.add({"cause": "response-timeout", "time": {"failed": time.time_ns()}, "host": target.split("=")[0],
                               "detail": f"{pod}: {why}"})

    def json(self, notes):
        return {"schema": "hitless.io/load/v1", "startedUnixNs": self.started, "durationNs": time.time_ns() - self.started,
                "sent": self.sent, "failed": self.failures.count(), "failures": self.failures.json(),
                "latencyMs": self.latencies.json(), "outstanding": {"max": 0, "capHits": 0}, "notes": notes}


class Watcher(threading.Thread):
    """One watch of all tasks' pods, into a queue of (type, pod)."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.core, self.events = kubernetes.client.CoreV1Api(api), queue.Queue()

    def run(self):
        while True:
            try:
                for event in kubernetes.watch.Watch().stream(self.core.list_namespaced_pod, NAMESPACE,
                                                             label_selector="kubernetes_executor=True"):
                    self.events.put((event["type"], event["object"]))
            except (kubernetes.client.ApiException, OSError) as error:
                print(f"the watch begins again: {error}", flush=True)
                time.sleep(0.1)


class Sampler(threading.Thread):
    """The most rules and elements that all agents had together."""

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.addresses, self.most, self.over = addresses, {RULES: 0, ELEMENTS: 0}, threading.Event()

    def run(self):
        while not self.over.wait(0.5):
            now = Scrape(self.addresses)
            for name, most in self.most.items():
                self.most[name] = max(most, now.total(name))


class Executor:
    def __init__(self, arguments):
        self.arguments = arguments
        self.api = kubernetes.config.new_client_from_config(arguments.kubeconfig)
        self.core = kubernetes.client.CoreV1Api(self.api)
        self.watcher = Watcher(kubernetes.config.new_client_from_config(arguments.kubeconfig))
        self.outcomes = Outcomes()
        self.stopping = False
        self.running, self.deleted = {}, set()
        self.created = self.finished = self.exits = self.most = 0

    def addresses(self):
        return {node.metadata.name: next(entry.address for entry in node.status.addresses if entry.type == "InternalIP")
                for node in self.core.list_node().items}

    def prepare(self):
        program = {"metadata": {"name": "dags"}, "data": {"task.py": (HERE / "task.py").read_text()}}
        for namespace in (NAMESPACE, OTHER_NAMESPACE):
            self.core.create_namespaced_config_map(namespace, program)
        subprocess.run(["ip", "address", "add", SECOND_ADDRESS, "dev", "eth0"], check=True)

    def clear_up(self):
        subprocess.run(["ip", "address", "delete", SECOND_ADDRESS, "dev", "eth0"], check=True)
        for namespace in (NAMESPACE, OTHER_NAMESPACE):
            self.core.delete_namespaced_config_map("dags", namespace)

    def audit(self):
        """A pod that may reach what tasks may not, to its end."""
        name = f"auditor-{uuid.uuid4().hex[:8]}"
        self.core.create_namespaced_pod(OTHER_NAMESPACE, pod(name, {"app": "auditor"}, OF_AUDITOR))
        deadline = time.monotonic() + TASK_SECONDS
        while time.monotonic() < deadline:
            now = self.core.read_namespaced_pod(name, OTHER_NAMESPACE)
            if now.status.phase in ("Succeeded", "Failed"):
                break
            time.sleep(0.1)
        self.take(OTHER_NAMESPACE, name, OF_AUDITOR)
        self.core.delete_namespaced_pod(name, OTHER_NAMESPACE)
        while self.core.list_namespaced_pod(OTHER_NAMESPACE, field_selector=f"metadata.name={name}").items:
            time.sleep(0.1)

    def take(self, namespace, name, targets):
        """What the pod's connections came to."""
        try:
            # As it is: the client would decode what looks like JSON.
            log = self.core.read_namespaced_pod_log(name, namespace, _preload_content=False).data.decode()
        except kubernetes.client.ApiException as error:
            return self.outcomes.never(name, targets, f"no log: {error.reason}")
        lines = log.splitlines()
        if len(lines) != len(targets):
            return self.outcomes.never(name, targets, f"its log is {log[-200:]!r}")
        for line in lines:
            self.outcomes.line(name, line)

    def create(self):
        body = task_pod(self.created, self.arguments.node)
        self.created += 1
        self.core.create_namespaced_pod(NAMESPACE, body)
        self.running[body["metadata"]["name"]] = time.monotonic()
        self.most = max(self.most, len(self.running))

    def heard(self, kind, now):
        name = now.metadata.name
        if kind == "DELETED":
            self.deleted.discard(name)
            if self.running.pop(name, None) is not None:
                self.outcomes.never(name, OF_TASKS, "somebody deleted it")
        elif name in self.running and now.status.phase in ("Succeeded", "Failed"):
            ended = now.status.container_statuses[0].state.terminated if now.status.container_statuses else None
            self.exits += ended is None or ended.exit_code != 0
            self.end(name)

    def end(self, name):
        del self.running[name]
        self.finished += 1
        self.take(NAMESPACE, name, OF_TASKS)
        self.deleted.add(name)
        self.core.delete_namespaced_pod(name, NAMESPACE)

    def overdue(self):
        for name, since in list(self.running.items()):
            if time.monotonic() - since > TASK_SECONDS:
                print(f"{name} has not ended within {TASK_SECONDS} s", flush=True)
                self.end(name)

    def wanted(self):
        return 0 if self.stopping else self.arguments.tasks - self.created

    def run_tasks(self):
        self.watcher.start()
        while self.wanted() > 0 or self.running or self.deleted:
            while self.wanted() > 0 and len(self.running) < self.arguments.parallel and self.watcher.events.empty():
                self.create()
            try:
                self.heard(*self.watcher.events.get(timeout=1))
            except queue.Empty:
                pass
            self.overdue()

    def run(self):
        addresses = self.addresses()
        self.prepare()
        self.audit()
        before, sampler = quiet(addresses), Sampler(addresses)
        sampler.start()
        began = time.monotonic()
        self.run_tasks()
        lasted = time.monotonic() - began
        sampler.over.set()
        sampler.join()
        after = quiet(addresses, like=before)
        self.audit()
        quiet(addresses, like=before)
        stale = leftover(self.core)
        self.clear_up()
        return self.outcomes.json(self.notes(before, sampler.most, after, lasted, stale))

    def notes(self, before, most, after, lasted, stale):
        cpu = "process_cpu_seconds_total"
        each = {node: after.nodes[node][cpu] - before.nodes[node][cpu] for node in before.nodes}
        spread = ", ".join(f"{node} {value:.2f} s" for node, value in each.items())
        refusals = sorted(self.outcomes.refusals) or [0]
        return [
            f"tasks: {self.finished} in {lasted:.1f} s, at most {self.most} at once; {self.exits} exited with a status other than 0",
            amounts("rules", RULES, before, most, after),
            amounts("elements", ELEMENTS, before, most, after),
            f"pods' waits for their isolation: {Growth('hitless_network_policy_pod_wait_seconds', before, after).text()}",
            "news until its commit: " + Growth("hitless_network_policy_programming_duration_seconds", before, after).text(),
            f"denied connections: {len(self.outcomes.refusals):,}, p50 {refusals[len(refusals) // 2] / 1e6:.2f} ms, "
            f"longest {refusals[-1] / 1e6:.2f} ms; {self.outcomes.silent} of them without an answer",
            f"agents' CPU: {1e3 * sum(each.values()) / max(1, self.finished):.2f} ms for each task ({spread})",
        ] + ([] if stale is None else [f"addresses of pods that are gone in the sets of {self.arguments.node}: {stale or 'none'}"])


def amounts(what, name, before, most, after):
    return f"{what} of all nodes: {before.total(name):,.0f} before, {most[name]:,.0f} at most, {after.total(name):,.0f} after"


def quiet(addresses, like=None):
    """The agents' numbers once their tables have not changed for a while (a pod's address is kept until its sandbox is gone, a
    moment longer than its object), or are as before."""
    deadline = time.monotonic() + QUIET_SECONDS
    seen, wanted = [], like and [like.total(name) for name in (RULES, ELEMENTS)]
    while True:
        now = Scrape(addresses)
        seen.append([now.total(name) for name in (RULES, ELEMENTS)])
        settled = seen[-1] == wanted if wanted else len(seen) > 4 and all(one == seen[-1] for one in seen[-4:])
        if settled or time.monotonic() > deadline:
            return now
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=400, help="how many (400)")
    parser.add_argument("--parallel", type=int, default=50, help="how many at once, at most (50)")
    parser.add_argument("--kubeconfig", default=os.environ.get("KUBECONFIG"), help="of the cluster ($KUBECONFIG)")
    parser.add_argument("--node", default=os.environ.get("HITLESS_NODE", "node-1"),
                        help="where the server of the outside is: what its own pods send it is never denied (node-1)")
    parser.add_argument("--output", default=os.environ.get("HITLESS_OUTPUT"), help="where to write the result")
    executor = Executor(parser.parse_args())
    def stop(*_):
        executor.stopping = True
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    text = json.dumps(executor.run())
    if executor.arguments.output:
        pathlib.Path(executor.arguments.output).write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    if os.environ.get("HITLESS_CHECK"):
        sys.exit(0)  # What it needs is there.
    main()

"""The embedded cluster: how soon its API answers, what it weighs when idle, how soon an applied pod runs."""
import base64
import http.client
import json
import os
import re
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

HITLESS = os.environ["HITLESS"]
RUNS = 5
PODS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Api:
    def __init__(self, kubeconfig):
        text = open(kubeconfig).read()
        server = re.search(r"server: https://([\d.]+):(\d+)", text)
        ca = base64.b64decode(re.search(r"certificate-authority-data: \"?([^\"\s]+)", text).group(1)).decode()
        self.token = re.search(r'token: "?([^"\s]+)', text).group(1)
        context = ssl.create_default_context(cadata=ca)
        self.connection = http.client.HTTPSConnection(server.group(1), int(server.group(2)), context=context)

    def send(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        data = answer.read().decode()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {data}")
        return data


class Cluster:
    def __init__(self, nodes=1):
        self.directory = tempfile.mkdtemp(prefix="hitless-bench-")
        self.environment = dict(os.environ, HITLESS_RUN_DIR=self.directory)
        port = free_port()
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [HITLESS, "up", "--nodes", str(nodes), "--api-port", str(port)],
            env=self.environment, stdout=subprocess.PIPE, text=True)
        self.api_ready = self.await_answer(port, begin)
        self.process.communicate()
        self.cluster_ready = time.monotonic() - begin
        self.info = json.load(open(f"{self.directory}/default/cluster.json"))

    def await_answer(self, port, begin):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        while time.monotonic() - begin < 30:
            try:
                connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return time.monotonic() - begin
            except OSError:
                time.sleep(0.001)
        sys.exit("the API never answered")

    def down(self):
        subprocess.run([HITLESS, "down"], env=self.environment, check=True, stdout=subprocess.DEVNULL)


def descendants(root):
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = open(f"/proc/{entry}/stat").read()
        except OSError:
            continue
        parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def memory(root):
    """MB of resident memory of a process tree: counted per process (RSS), and with shared pages shared (PSS)."""
    rss = pss = 0
    for pid in descendants(root):
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Rss:"):
                rss += int(line.split()[1])
            elif line.startswith("Pss:"):
                pss += int(line.split()[1])
    return rss / 1000, pss / 1000


def pod_latency(api, number):
    """From sending the pod to the first instruction of its program that reads the clock."""
    name = f"bench-{number}"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
           "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "c", "image": "none", "command": ["/bin/date", "+%s.%N"]}]}}
    begin = time.time()
    api.send("POST", "/api/v1/namespaces/default/pods", pod)
    while json.loads(api.send("GET", f"/api/v1/namespaces/default/pods/{name}"))["status"].get("phase") != "Succeeded":
        time.sleep(0.005)
    started = float(api.send("GET", f"/api/v1/namespaces/default/pods/{name}/log"))
    api.send("DELETE", f"/api/v1/namespaces/default/pods/{name}")
    return started - begin


def row(case, metric, value, unit, target=None):
    return {"case": case, "metric": metric, "value": value, "unit": unit, "peer": {"target": target} if target else {}}


def main():
    ready, whole, rss, pss, pods = [], [], [], [], []
    for _ in range(RUNS):
        cluster = Cluster()
        ready.append(cluster.api_ready * 1000)
        whole.append(cluster.cluster_ready * 1000)
        api = Api(cluster.info["kubeconfig"])
        used = memory(cluster.info["init"]["pid"])
        rss.append(used[0])
        pss.append(used[1])
        if not pods:
            pods = [pod_latency(api, number) * 1000 for number in range(PODS)]
        cluster.down()
    json.dump([
        row("API answers /readyz after `hitless up`", "median", statistics.median(ready), "ms", 200),
        row("`hitless up` returns, node Ready", "median", statistics.median(whole), "ms"),
        row("idle control plane and one node, RSS", "median", statistics.median(rss), "MB", 60),
        row("idle control plane and one node, PSS", "median", statistics.median(pss), "MB"),
        row("POST of a one-container pod -> its process runs", "median", statistics.median(pods), "ms", 300),
        row("POST of a one-container pod -> its process runs", "max", max(pods), "ms"),
    ], sys.stdout)


main()

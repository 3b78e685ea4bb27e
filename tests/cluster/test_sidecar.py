"""The proxy in pods: how it gets there, and scenarios/sidecar-exits-first with shorter times."""
import json
import shutil

import pytest

from embedded import SCENARIOS, Cluster, eventually
from test_rehearse import rehearse

INCIDENT = SCENARIOS / "sidecar-exits-first"
POD = {"apiVersion": "v1", "kind": "Pod",
       "metadata": {"name": "app", "labels": {"app": "app"}, "annotations": {"hitless.io/inject": "true"}},
       "spec": {"containers": [{"name": "app", "image": "hitless-testapp", "ports": [{"containerPort": 8080}],
                                "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}]}}


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster("--nodes", "1")
    yield cluster
    cluster.down()


def create(cluster, name, **annotations):
    pod = json.loads(json.dumps(POD))
    pod["metadata"]["name"] = name
    pod["metadata"]["annotations"].update({f"hitless.io/{key}": value for key, value in annotations.items()})
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod))
    cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
    return cluster.get(f"pod/{name}")


@pytest.mark.parametrize("form", ["native", "container"])
def test_connections_to_the_pod_go_through_its_proxy(cluster, form):
    pod = create(cluster, f"through-{form}", sidecar=form)
    place = "initContainers" if form == "native" else "containers"
    assert "hitless-proxy" in [container["name"] for container in pod["spec"][place]]
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])
    answer = cluster.run("curl", "-sS", "-m", "10", f"http://{pod['status']['podIP']}:8080/").stdout
    assert answer.strip() == f"through-{form}"
    eventually(lambda: '"GET / HTTP/1.1" 200' in cluster.kubectl("logs", f"through-{form}", "-c", "hitless-proxy").stdout,
               what="a line of the proxy's access log")


def test_a_pod_that_did_not_ask_has_no_proxy(cluster):
    pod = create(cluster, "without", inject="false")
    assert "initContainers" not in pod["spec"] and len(pod["spec"]["containers"]) == 1


def test_a_namespace_asks_for_its_pods(cluster):
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"hitless-injection": "enabled"}}}))
    cluster.kubectl("-n", "shop", "run", "one", "--image=hitless-testapp")
    pod = cluster.get("-n", "shop", "pod/one")
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["hitless-redirect", "hitless-proxy"]


def test_the_one_who_makes_the_pod_is_warned(cluster):
    pod = json.loads(json.dumps(POD))
    pod["metadata"]["name"] = "on-the-node"
    pod["spec"]["hostNetwork"] = True
    done = cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod))
    assert "hostNetwork" in done.stderr and "gets none" in done.stderr, done.stderr


def test_each_way_to_end_comes_to_what_it_should(tmp_path):
    folder = shutil.copytree(INCIDENT, tmp_path / "incident", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / "scenario.yaml").read_text()
    for old, new in (("incident.py, --delay=10, --fixed=5s, --short-grace=5",
                      f"{INCIDENT}/incident.py, --delay=6, --fixed=2s, --zero-connections=zero-connections:1s, "
                      "--grace=12, --short-grace=3"),
                     ("duration: 5s", "duration: 2s")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "scenario.yaml").write_text(text)
    report = rehearse(str(folder), expect=0)
    (profile,) = report["profiles"]
    notes = profile["loads"][0]["notes"]
    assert profile["totals"] | {"sent": 8, "failed": 0} == profile["totals"], notes
    rows = {tuple(note.split()[:3]): note.split() for note in notes[1:9]}
    assert rows["fixed:2s", "container", "12"][4] == "503" and "UC" in rows["fixed:2s", "container", "12"], notes

    def gone(*row):
        return float(rows[row][-2])
    assert gone("requests", "container", "12") < gone("zero-connections:1s", "container", "12"), notes
    assert any("upstream_reset_before_response_started{connection_termination}" in note for note in notes), notes
    assert any("terminationGracePeriodSeconds 6 would have done, and was 3" in note for note in notes), notes

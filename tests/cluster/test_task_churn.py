"""Short tasks in great number, each a pod, under NetworkPolicies: scenarios/task-churn with fewer of them."""
import json
import pathlib
import re
import shutil
import sys

import pytest

from embedded import SCENARIOS, Cluster, eventually
from test_rehearse import rehearse

pytest.importorskip("kubernetes")
CHURN = SCENARIOS / "task-churn"
sys.path.insert(0, str(CHURN))
from leftover import pod_addresses  # noqa: E402

OF_A_TASK, OF_BOTH_AUDITS = 5, 6


def amounts(notes, what):
    """Before, at most, after."""
    (numbers,) = [re.findall(r"\d[\d,]*", note) for note in notes if note.startswith(f"{what} of all nodes")]
    return [int(number.replace(",", "")) for number in numbers]


def test_every_connection_of_every_task_comes_to_what_it_should(tmp_path):
    folder = shutil.copytree(CHURN, tmp_path / "churn", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / "scenario.yaml").read_text()
    for old, new in (("churn.py, --tasks=400, --parallel=50", f"{CHURN}/churn.py, --tasks=60, --parallel=20"),
                     ("duration: 20s", "duration: 5s")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "scenario.yaml").write_text(text)
    report = rehearse(str(folder), expect=0)
    (profile,) = report["profiles"]
    assert profile["totals"]["sent"] == 60 * OF_A_TASK + OF_BOTH_AUDITS
    assert profile["totals"]["failed"] == 0
    notes = profile["loads"][0]["notes"]
    rules, elements = amounts(notes, "rules"), amounts(notes, "elements")
    assert rules[0] > 0 and rules[0] == rules[2] == rules[1], "a pod adds no rule"
    assert elements[0] == elements[2] < elements[1], "a pod's elements go with it"
    assert any(note.endswith("exited with a status other than 0") and "; 0 exited" in note for note in notes), notes
    assert "addresses of pods that are gone in the sets of node-1: none" in notes


def test_no_set_of_any_node_keeps_the_address_of_a_pod_that_is_gone():
    cluster = Cluster("--nodes", "3", "-f", str(CHURN))
    try:
        inside = pathlib.Path(cluster.directory, "inside.kubeconfig")
        inside.write_text(pathlib.Path(cluster.info["kubeconfig"]).read_text().replace(cluster.info["server"],
                                                                                       "https://172.30.0.1:6443"))
        result = pathlib.Path(cluster.directory, "result.json")
        cluster.run("/usr/bin/python3", str(CHURN / "churn.py"), "--tasks=40", "--parallel=20", "--kubeconfig", str(inside),
                    "--node=node-1", "--output", str(result), node="node-1")
        assert json.loads(result.read_text())["failures"]["list"] == []
        alive = {entry["ip"] for pod in cluster.get("pods", "-A")["items"] for entry in pod["status"]["podIPs"]}

        def held(node):
            return pod_addresses(cluster.run("nft", "-j", "list", "table", "inet", "hitless-policy", node=node).stdout)

        for node in ("node-1", "node-2", "node-3"):
            eventually(lambda: held(node) and held(node) <= alive, what=f"{node} to have addresses of pods alone")
    finally:
        cluster.down()

"""Rehearsals: what stock loses, hitless does not."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from embedded import HITLESS, SCENARIOS, cluster_processes, eventually

LOAD = "http://web.default:80/ rate=300 "


def rehearse(*arguments, expect=None):
    directory = tempfile.mkdtemp(prefix="hitless-test-")
    done = subprocess.run([HITLESS, "rehearse", *arguments, "-o", "json"], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, HITLESS_RUN_DIR=directory))
    shutil.rmtree(directory, ignore_errors=True)
    if expect is not None:
        assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout)


def totals(report, profile):
    return next(entry for entry in report["profiles"] if entry["profile"] == profile)["totals"]


def test_hitless_loses_nothing_and_stock_something():
    report = rehearse("-f", str(SCENARIOS / "deployment-service"), "--load", LOAD + "new", "--load", LOAD + "keepalive",
                      "--do", "rollout restart deployment/web", "--compare", "stock", "--duration", "11s", expect=0)
    assert report["schema"] == "hitless.io/rehearsal/v1"
    assert totals(report, "hitless")["sent"] >= 6000
    assert totals(report, "hitless")["failed"] == 0
    assert totals(report, "stock")["failed"] > 0
    eventually(lambda: not [line for line in cluster_processes().values() if "rehears" in line])


def test_stock_alone_fails_the_expectation():
    report = rehearse("-f", str(SCENARIOS / "deployment-service"), "--load", LOAD + "new", "--do",
                      "rollout restart deployment/web", "--profile", "stock", "--duration", "6s", expect=1)
    causes = next(entry for entry in report["profiles"] if entry["profile"] == "stock")["causes"]
    assert causes


def test_an_agent_killed_in_the_middle_costs_nothing():
    report = rehearse("-f", str(SCENARIOS / "deployment-service"), "--load", LOAD + "new", "--do",
                      "rollout restart deployment/web; kill agent node-2", "--duration", "8s", expect=0)
    assert totals(report, "hitless")["failed"] == 0
    assert "node-2" in json.dumps(report["profiles"][0]["agents"])


def test_nginx_too():
    report = rehearse(str(SCENARIOS / "nginx"), "--duration", "8s", "--profile", "hitless", expect=0)
    assert totals(report, "hitless")["failed"] == 0


def scenario_with(load, **fields):
    """A copy of a scenario with the test's own client in its folder, and these fields instead."""
    folder = tempfile.mkdtemp(prefix="hitless-scenario-")
    shutil.copy(SCENARIOS / "deployment-service" / "web.yaml", folder)
    shutil.copy(pathlib.Path(__file__).parent / "clients" / "probe.py", folder)
    text = {"apiVersion": "hitless.io/v1", "kind": "Scenario", "metadata": {"name": "own-client"}, "nodes": 2,
            "duration": "6s", "load": [load], "action": "rollout restart deployment/web", **fields}
    pathlib.Path(folder, "scenario.yaml").write_text(json.dumps(text))
    return folder


def test_a_client_of_the_scenarios_own():
    folder = scenario_with({"name": "theirs", "client": ["python3", "probe.py"]}, clientNode="node-2")
    report = rehearse(folder, expect=0)
    profile = report["profiles"][0]
    assert profile["clientNode"] == "node-2"
    load = profile["loads"][0]
    assert load["client"] == "python3 probe.py"
    assert load["load"] is None
    assert load["totals"]["sent"] > 50 and load["totals"]["failed"] == 0
    shutil.rmtree(folder)


def test_a_client_that_cannot_run_is_found_out_first():
    folder = scenario_with({"name": "theirs", "client": ["python3", "probe.py"]})
    environment = dict(os.environ, PROBE_LACKS="the moon")
    done = subprocess.run([HITLESS, "rehearse", folder], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 77
    assert "skip: needs the moon" in done.stderr
    for client, word in [(["no-such-program"], "no-such-program"), (["python3", "-c", "import moon"], "No module named"),
                         (["./probe.py"], "not executable")]:
        other = scenario_with({"name": "theirs", "client": client})
        done = subprocess.run([HITLESS, "rehearse", other], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert "load 'theirs'" in done.stderr and word in done.stderr, done.stderr
        shutil.rmtree(other)
    shutil.rmtree(folder)


def test_mistakes_are_explained():
    for arguments, word in [
            (["no/such/folder"], "no/such/folder"),
            (["-f", str(SCENARIOS / "nginx"), "--load", "http://web/ raet=5"], "rate"),
            (["-f", str(SCENARIOS / "nginx"), "--load", LOAD, "--do", "rollout restrat deployment/web"], "rollout restart"),
            (["-f", str(SCENARIOS / "nginx")], "--load")]:
        done = subprocess.run([HITLESS, "rehearse", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert word in done.stderr, done.stderr

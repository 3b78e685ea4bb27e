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
        assert done.returncode == expect, reasons(done.stdout) + done.stderr[-3000:]
    return json.loads(done.stdout)


def reasons(output):
    """Why requests were lost, as far as there is a report."""
    try:
        profiles = json.loads(output).get("profiles", [])
    except ValueError:
        return output[-3000:]
    return "".join(f"{profile['profile']}: {group['count']} x {group['cause']} ({group['class']}): {group.get('evidence')}\n"
                   for profile in profiles for group in profile.get("why", []))


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
    for client in ("probe.py", "work.py"):
        shutil.copy(pathlib.Path(__file__).parent / "clients" / client, folder)
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
    assert load["totals"]["sent"] >= 10 and load["totals"]["failed"] == 0
    shutil.rmtree(folder)


def test_a_client_that_ends_by_itself_is_waited_for():
    # Its requests take longer than the duration.
    folder = scenario_with({"name": "work", "client": ["python3", "work.py", "200"], "endsItself": True}, duration="1s",
                           action="wait 10ms")
    report = rehearse(folder, expect=0)
    load = report["profiles"][0]["loads"][0]
    assert load["totals"]["sent"] == 200
    assert load["notes"] == ["the API server is https://172.30.0.1:6443"]
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


def test_a_crashed_pod_is_told_from_one_that_was_deleted():
    folder = scenario_with({"name": "new", "spec": LOAD + "new"}, duration="5s", action="crash pod -l app=web")
    timeline = f"{folder}/timeline.jsonl"
    report = rehearse(folder, "--timeline", timeline)
    profile = report["profiles"][0]
    crashed = [pod for pod in profile["pods"] if pod.get("crashes")]
    assert len(crashed) == 1
    assert crashed[0]["crashes"][0]["downMs"] > 0
    assert {group["class"] for group in profile["why"]} <= {"pod-crash"}
    assert profile["overMs"] >= crashed[0]["crashes"][0]["downMs"]
    lines = [json.loads(line) for line in open(timeline)]
    assert [line["unixNs"] for line in lines] == sorted(line["unixNs"] for line in lines)
    kinds = [line["what"] for line in lines]
    assert {"load.started", "action.started", "pod.crashed", "container.exited", "pod.ready"} <= set(kinds)
    assert kinds.count("request.failed") == profile["totals"]["failed"]
    shutil.rmtree(folder)


def test_a_node_that_is_cut_harms_only_what_goes_there():
    folder = scenario_with({"name": "new", "spec": LOAD + "new"}, duration="5s", clientNode="node-1",
                           action="cut node/node-2; wait 1s; mend node/node-2")
    report = rehearse(folder)
    profile = report["profiles"][0]
    cut = profile["nodeCuts"]
    assert [entry["node"] for entry in cut] == ["node-2"]
    assert cut[0]["toUnixNs"] - cut[0]["fromUnixNs"] >= 1_000_000_000
    assert profile["totals"]["succeeded"] > 500
    assert {group["class"] for group in profile["why"]} <= {"node-cut"}
    shutil.rmtree(folder)


def test_the_gate_waits_for_a_silent_node_as_long_as_it_may():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hitless-test-"))
    manifest = (SCENARIOS / "node-cut/web.yaml").read_text()
    spec = "    spec:\n      affinity:"
    assert manifest.count(spec) == 1
    (folder / "web.yaml").write_text(manifest.replace(spec, "    spec:\n      terminationGracePeriodSeconds: 10\n      affinity:"))
    report = rehearse("-f", str(folder), "--load", LOAD + "new", "--client-node", "node-1", "--nodes", "3", "--duration",
                      "9s", "--do", "cut node/node-3; rollout restart deployment/web", expect=0)
    profile = report["profiles"][0]
    assert profile["totals"]["failed"] == 0
    old = [pod for pod in profile["pods"] if "podDeleted" in pod["unixNs"]]
    assert len(old) == 4
    for pod in old:
        # Half of the grace period is the most (docs/decisions/0003).
        assert "time used up, 2 of 3 nodes removed the endpoint" in pod["gate"] and "missing: node-3" in pod["gate"]
        assert pod["exit"] == "exit 0"
    shutil.rmtree(folder)


def test_repeated_runs_are_summed_up():
    folder = scenario_with({"name": "new", "spec": LOAD + "new"}, duration="2s", action="delete pod -n default none")
    done = subprocess.run([HITLESS, "rehearse", folder, "--repeat", "2"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "delete pod" in done.stderr
    text = json.loads(pathlib.Path(folder, "scenario.yaml").read_text())
    pathlib.Path(folder, "scenario.yaml").write_text(json.dumps({**text, "action": "wait 10ms"}))
    report = rehearse(folder, "--repeat", "2", expect=0)
    assert report["schema"] == "hitless.io/rehearsals/v1"
    assert report["profiles"][0]["failed"] == [0, 0]
    done = subprocess.run([HITLESS, "rehearse", folder, "--repeat", "2"], capture_output=True, text=True, timeout=120)
    assert "run 2 of 2  PASS  hitless lost none" in done.stdout
    assert "2 of 2 runs met the expectation" in done.stdout
    shutil.rmtree(folder)


def test_the_preStop_sleep_that_stock_needs():
    folder = scenario_with({"name": "new", "spec": LOAD + "new"}, duration="4s")
    answer = rehearse(folder, "--find-prestop", expect=0)
    assert answer["schema"] == "hitless.io/prestop/v1"
    assert answer["containers"] == ["web"]
    # kube-proxy's second between two syncs, and what the machine adds.
    assert 1 <= answer["sleepSeconds"] <= 10
    runs = answer["runs"]
    assert runs[0]["sleepSeconds"] == 0 and runs[0]["lostToLags"] > 0
    assert sum(run["sleepSeconds"] == answer["sleepSeconds"] and run["lostToLags"] == 0 for run in runs) >= 3
    assert any(run["sleepSeconds"] == answer["sleepSeconds"] - 1 and run["lostToLags"] > 0 for run in runs)
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

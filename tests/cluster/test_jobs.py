"""Jobs through kubectl."""
from embedded import eventually

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: %(name)s}
spec:
  %(spec)s
  template:
    spec:
      restartPolicy: Never
      %(pod)s
      containers:
      - {name: c, image: none, command: [/bin/sh, -c, '%(script)s']}
"""


def job(cluster, name, script, spec="backoffLimit: 6", pod="terminationGracePeriodSeconds: 1"):
    cluster.kubectl("apply", "-f", "-", stdin=JOB % {"name": name, "script": script, "spec": spec, "pod": pod})


def wait(cluster, name, condition):
    cluster.kubectl("wait", f"--for=condition={condition}", f"job/{name}", "--timeout=60s")
    return cluster.get("job", name)["status"]


def test_a_job_completes(cluster):
    job(cluster, "hello", "echo hello from $(hostname)")
    status = wait(cluster, "hello", "complete")
    assert status["succeeded"] == 1 and "active" not in status
    assert cluster.kubectl("logs", "job/hello").stdout.startswith("hello from hello-")
    assert cluster.kubectl("get", "jobs").stdout.splitlines()[1].split()[:2] == ["hello", "1/1"]
    assert "Job completed" in cluster.kubectl("describe", "job", "hello").stdout


def test_a_pod_reaches_the_api_server(cluster):
    job(cluster, "asks", "curl -sk -m 10 https://kubernetes.default/version")
    assert wait(cluster, "asks", "complete")["succeeded"] == 1


def test_a_native_sidecar_does_not_keep_it_running(cluster):
    job(cluster, "helped", "exit 0", pod="""initContainers:
      - {name: proxy, image: none, command: [/bin/sleep, "1000"], restartPolicy: Always}
      terminationGracePeriodSeconds: 1""")
    assert wait(cluster, "helped", "complete")["succeeded"] == 1


def test_indexes(cluster):
    job(cluster, "parts", "echo part $JOB_COMPLETION_INDEX of $(hostname)",
        spec="{completions: 3, parallelism: 3, completionMode: Indexed}"[1:-1].replace(", ", "\n  "))
    assert wait(cluster, "parts", "complete")["completedIndexes"] == "0-2"
    logs = cluster.kubectl("logs", "-l", "job-name=parts").stdout.split("\n")
    assert sorted(line for line in logs if line) == [f"part {i} of parts-{i}" for i in range(3)]


def test_a_failing_job_gives_up(cluster):
    job(cluster, "broken", "exit 3", spec="backoffLimit: 0")
    status = wait(cluster, "broken", "failed")
    assert status["failed"] == 1
    assert "BackoffLimitExceeded" in cluster.kubectl("describe", "job", "broken").stdout


def test_deletion_takes_the_pods_along(cluster):
    job(cluster, "endless", "sleep 1000")
    eventually(lambda: cluster.get("job", "endless")["status"].get("ready") == 1)
    cluster.kubectl("delete", "job", "endless", "--timeout=60s")
    eventually(lambda: not cluster.get("pods", "-l", "job-name=endless")["items"])


def test_a_finished_job_is_deleted_after_its_time_to_live(cluster):
    job(cluster, "brief", "exit 0", spec="ttlSecondsAfterFinished: 1")
    eventually(lambda: not [item for item in cluster.get("jobs")["items"] if item["metadata"]["name"] == "brief"])

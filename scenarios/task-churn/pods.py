"""The pods of the tasks, and of the auditor that proves what tasks may not do."""

import uuid

API_SERVER = "api=allow=kubernetes.default:443"
# As in places.yaml.
SECOND_ADDRESS = "172.30.0.254/24"
OUTSIDE, METADATA = "172.30.0.10:8443/", "172.30.0.254:8443/"
OF_TASKS = ["db=allow=db:5432/", API_SERVER, f"outside=allow={OUTSIDE}", "vault=deny=vault.vault:8200/",
            f"metadata=deny={METADATA}"]
# What tasks may not do can be done, by others; the database is the tasks' alone.
OF_AUDITOR = ["vault=allow=vault:8200/", f"metadata=allow={METADATA}", "db=deny=db.airflow:5432/"]


def label(text):
    """A label's value as Airflow makes one of an identifier."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text)[:63].strip("-_.")


def task_pod(number, node):
    """What KubernetesExecutor makes of a task instance; apart from where it may run, its own template could say the same."""
    dag, task, attempt = f"ingest_{number % 40:02}", f"load_table_{number:04}", 1 + number % 3
    run = f"scheduled__2026-11-22T{number // 60 % 24:02}:{number % 60:02}:00+00:00"
    labels = {"tier": "airflow", "component": "worker", "release": "airflow", "airflow-worker": "7", "kubernetes_executor": "True",
              "airflow_version": "2.10.3", "dag_id": dag, "task_id": task, "run_id": label(run), "try_number": str(attempt)}
    elsewhere = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": [node]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [elsewhere]}]}}}
    return pod(f"{dag}-{task}-{uuid.uuid4().hex[:8]}".replace("_", "-"), labels, OF_TASKS,
               annotations={"dag_id": dag, "task_id": task, "run_id": run, "try_number": str(attempt)}, affinity=affinity)


def pod(name, labels, targets, annotations=None, **spec):
    base = {"name": "base", "image": "none", "command": ["/usr/bin/python3", "-I", "-S", "/opt/airflow/dags/task.py"] + targets,
            "volumeMounts": [{"name": "dags", "mountPath": "/opt/airflow/dags", "readOnly": True}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels, "annotations": annotations or {}},
            "spec": {"restartPolicy": "Never", "containers": [base], **spec,
                     "volumes": [{"name": "dags", "configMap": {"name": "dags"}}]}}

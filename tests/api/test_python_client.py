"""The official Python client, as programs use it."""
import threading

import pytest
from manifests import config_map, pod

kubernetes = pytest.importorskip("kubernetes")


@pytest.fixture(scope="module")
def api(server):
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(server.kubeconfig, client_configuration=configuration)
    return kubernetes.client.ApiClient(configuration)


@pytest.fixture(scope="module")
def core(api):
    return kubernetes.client.CoreV1Api(api)


def test_reads_and_writes_typed_objects(core, namespace):
    created = core.create_namespaced_config_map(namespace, config_map("m", a="b"))
    assert created.metadata.uid and created.data == {"a": "b"}
    core.patch_namespaced_config_map("m", namespace, {"data": {"c": "d"}})
    assert core.read_namespaced_config_map("m", namespace).data == {"a": "b", "c": "d"}
    created.data = {"x": "y"}
    with pytest.raises(kubernetes.client.ApiException) as stale:
        core.replace_namespaced_config_map("m", namespace, created)
    assert stale.value.status == 409
    assert [item.metadata.name for item in core.list_namespaced_config_map(namespace).items] == ["m"]
    core.delete_namespaced_config_map("m", namespace)
    with pytest.raises(kubernetes.client.ApiException) as missing:
        core.read_namespaced_config_map("m", namespace)
    assert missing.value.status == 404


def test_watches(core, namespace):
    watch = kubernetes.watch.Watch()
    timer = threading.Timer(0.2, core.create_namespaced_pod, (namespace, pod("late")))
    core.create_namespaced_pod(namespace, pod("early"))
    timer.start()
    seen = []
    for event in watch.stream(core.list_namespaced_pod, namespace, timeout_seconds=20):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 2:
            watch.stop()
    timer.join()
    assert seen == [("ADDED", "early"), ("ADDED", "late")]


def test_deletes_with_grace_in_the_query(core, server, namespace):
    core.create_namespaced_pod(namespace, pod("p"))
    server.call("POST", f"/api/v1/namespaces/{namespace}/pods/p/binding", {"target": {"name": "n"}})
    deleted = core.delete_namespaced_pod("p", namespace, grace_period_seconds=3)
    assert deleted.metadata.deletion_grace_period_seconds == 3
    core.delete_namespaced_pod("p", namespace, grace_period_seconds=0)
    assert core.list_namespaced_pod(namespace).items == []


def test_scales(api, server, namespace):
    apps = kubernetes.client.AppsV1Api(api)
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
        "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}
    apps.create_namespaced_deployment(namespace, {"metadata": {"name": "web"}, "spec": spec})
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment_scale("web", namespace).spec.replicas == 3
    assert apps.read_namespaced_deployment("web", namespace).spec.replicas == 3

"""The official Python client, as programs use it."""
import json
import threading

import pytest
from manifests import config_map, pod
from server import ApiServer

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


def test_lists_in_pages(core, namespace):
    names = [f"m{number:02}" for number in range(7)]
    for name in names:
        core.create_namespaced_config_map(namespace, config_map(name))
    first = core.list_namespaced_config_map(namespace, limit=3)
    assert first.metadata.remaining_item_count == 4
    core.delete_namespaced_config_map("m05", namespace)
    core.create_namespaced_config_map(namespace, config_map("m03a"))
    pages = [first]
    while pages[-1].metadata._continue:
        pages.append(core.list_namespaced_config_map(namespace, limit=3, _continue=pages[-1].metadata._continue))
    assert [[item.metadata.name for item in page.items] for page in pages] == [names[:3], names[3:6], names[6:]]
    assert {page.metadata.resource_version for page in pages} == {first.metadata.resource_version}
    with pytest.raises(kubernetes.client.ApiException) as refused:
        core.list_namespaced_config_map(namespace, _continue="no token")
    assert refused.value.status == 400


def test_a_page_that_is_asked_for_too_late():
    small = ApiServer("--history", "20")
    try:
        configuration = kubernetes.client.Configuration()
        kubernetes.config.load_kube_config(small.kubeconfig, client_configuration=configuration)
        late = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(configuration))
        for number in range(30):
            late.create_namespaced_config_map("default", config_map(f"m{number:02}"))
        first = late.list_namespaced_config_map("default", limit=10)
        for number in range(30):
            late.delete_namespaced_config_map(f"m{number:02}", "default")
        with pytest.raises(kubernetes.client.ApiException) as gone:
            late.list_namespaced_config_map("default", limit=10, _continue=first.metadata._continue)
        status = json.loads(gone.value.body)
        assert (gone.value.status, status["reason"]) == (410, "Expired")
        rest = late.list_namespaced_config_map("default", _continue=status["metadata"]["continue"])
        assert [item.metadata.name for item in rest.items] == []
    finally:
        small.stop()

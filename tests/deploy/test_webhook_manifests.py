"""deploy/webhook: accepted as it stands, and its roles allow what `hitless webhook` asks for, and no more."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/api"))
sys.path.insert(0, str(ROOT / "tests/deploy"))

from component import copy_deploy, serves_budgets  # noqa: E402
from server import HITLESS, ApiServer, Kubectl, eventually, kubectls  # noqa: E402
from test_deploy import request_of  # noqa: E402

pytestmark = pytest.mark.skipif(not kubectls(), reason="no kubectl here")

# What it asks for only at times: src/app/webhook/{key_store,trust_publisher,departure}.cc.
AT_TIMES = {("update", "", "secrets"), ("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
            ("list", "discovery.k8s.io", "endpointslices"), ("watch", "discovery.k8s.io", "endpointslices"),
            ("list", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
            ("watch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations")}


@pytest.fixture(scope="module")
def folder(server, tmp_path_factory):
    """deploy/ with the component switched on, as docs/gate.md says."""
    folder = copy_deploy(tmp_path_factory.mktemp("deploy") / "deploy", server)
    file = folder / "kustomization.yaml"
    switched = file.read_text().replace("# components:", "components:").replace("# - webhook", "- webhook")
    assert switched != file.read_text()
    file.write_text(switched)
    return folder


@pytest.fixture(scope="module")
def server():
    server = ApiServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def applied(server, folder):
    kubectl = Kubectl(kubectls()[-1], server)
    kubectl("apply", "-k", str(folder), "--validate=strict")
    return kubectl


def test_every_kubectl_applies_it_and_finds_it_unchanged(folder):
    server = ApiServer()
    try:
        for binary in kubectls():
            kubectl = Kubectl(binary, server)
            out = kubectl("apply", "-k", str(folder), "--validate=strict")
            for kind in ("mutatingwebhookconfiguration", "role.", "rolebinding", "deployment"):
                assert kind in out
            assert kubectl.run("diff", "-k", str(folder), check=False).returncode == 0
    finally:
        server.stop()


def test_the_configuration_stands_in_nobodys_way(applied):
    (webhook,) = applied.json("get", "mutatingwebhookconfiguration", "hitless-webhook")["webhooks"]
    assert webhook["failurePolicy"] == "Ignore" and webhook["timeoutSeconds"] <= 5
    assert webhook["reinvocationPolicy"] == "IfNeeded" and webhook["matchPolicy"] == "Equivalent"
    assert webhook["sideEffects"] == "None" and webhook["admissionReviewVersions"] == ["v1"]
    (rule,) = webhook["rules"]
    assert (rule["operations"], rule["resources"], rule["scope"]) == (["CREATE"], ["pods"], "Namespaced")
    (term,) = webhook["namespaceSelector"]["matchExpressions"]
    assert term["operator"] == "NotIn" and {"kube-system", "hitless"} <= set(term["values"])
    (term,) = webhook["objectSelector"]["matchExpressions"]
    assert (term["key"], term["operator"], term["values"]) == ("hitless.io/gate", "NotIn", ["off"])


def test_names_and_ports_fit_together(applied):
    deployment = applied.json("get", "deployment", "hitless-webhook", "-n", "hitless")
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    service = applied.json("get", "service", "hitless-webhook", "-n", "hitless")
    client = applied.json("get", "mutatingwebhookconfiguration", "hitless-webhook")["webhooks"][0]["clientConfig"]
    assert (client["service"]["name"], client["service"]["namespace"]) == ("hitless-webhook", "hitless")
    (port,) = service["spec"]["ports"]
    assert port["port"] == client["service"]["port"]
    ports = {entry["name"]: entry["containerPort"] for entry in container["ports"]}
    assert ports[port["targetPort"]] == 9443 and set(ports) == {"https", "health"}
    for selector in (service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]):
        assert selector.items() <= template["metadata"]["labels"].items()
    # The gate that it brings along.
    hook = container["lifecycle"]["preStop"]["httpGet"]
    assert hook["path"] == "/v1/gate/" + template["metadata"]["annotations"]["hitless.io/gate"]
    assert (hook["host"], hook["port"]) == ("127.0.0.1", 9470)
    assert deployment["spec"]["replicas"] == 2
    assert {entry["name"] for entry in container["env"]} == {"POD_NAME", "POD_NAMESPACE", "HITLESS_PROXY_IMAGE"}


def test_one_replica_stays_when_a_node_is_drained(server, applied):
    if not serves_budgets(server):
        pytest.skip("this server knows no PodDisruptionBudget")
    budget = applied.json("get", "poddisruptionbudget", "hitless-webhook", "-n", "hitless")["spec"]
    deployment = applied.json("get", "deployment", "hitless-webhook", "-n", "hitless")["spec"]
    assert budget["selector"] == deployment["selector"] and budget["minAvailable"] < deployment["replicas"]


def granted(role):
    return {(verb, group, resource) for rule in role["rules"] for verb in rule["verbs"]
            for group in rule["apiGroups"] for resource in rule["resources"]}


def test_the_roles_allow_what_it_asks_for_and_little_else(applied, tmp_path):
    allowed = granted(applied.json("get", "clusterrole", "hitless-webhook")) | \
        granted(applied.json("get", "role", "hitless-webhook", "-n", "hitless"))
    asked = asked_for(tmp_path) | AT_TIMES
    assert asked <= allowed, f"the roles lack {sorted(asked - allowed)}"
    assert {entry for entry in allowed - asked if entry[0] != "get"} == set()


def asked_for(place):
    """(verb, group, resource) of what it asks a server that has nothing."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", place / "key",
                    "-out", place / "ca.crt"], check=True, capture_output=True)
    (place / "kubeconfig").write_text(f"""
apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:6443", certificate-authority: {place}/ca.crt}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
""")
    log = place / "requests"
    log.touch()
    script = f"""
        ip link set lo up
        {sys.executable} {ROOT}/tests/deploy/recorder.py 6443 {place}/ca.crt {place}/key {log} & recorder=$!
        {HITLESS} webhook --kubeconfig {place}/kubeconfig & webhook=$!
        read line
        kill -KILL $webhook $recorder
    """
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here")
    pod = subprocess.Popen(["unshare", "-rn", "sh", "-c", script], stdin=subprocess.PIPE, text=True)
    wanted = {(verb, "", resource) for resource in ("secrets", "namespaces") for verb in ("list", "watch")} | \
        {("create", "", "secrets")}
    try:
        def recorded():
            lines = [line for line in log.read_text().splitlines() if " /version " not in line]
            asked = {request_of(line) for line in lines}
            return asked if wanted <= asked else None
        return eventually(recorded, what="a list and a watch of each resource, and the Secret")
    finally:
        pod.communicate("stop\n", timeout=20)

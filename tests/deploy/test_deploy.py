"""deploy/ as kubectl applies it, and whether its ClusterRole allows what the agent asks for."""
import pathlib
import subprocess
import sys
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/api"))

from server import HITLESS, ApiServer, Kubectl, eventually, kubectls  # noqa: E402

DEPLOY = str(ROOT / "deploy")
# Granted for what the agent asks for only at times: events when a gate opens, the others by its options.
WATCHED = {"services", "endpointslices", "nodes", "namespaces", "pods", "servicecidrs"}
ASKED_FOR_AT_TIMES = {"events"}

pytestmark = pytest.mark.skipif(not kubectls(), reason="no kubectl here")


@pytest.fixture(scope="module")
def server():
    server = ApiServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def applied(server):
    """The newest kubectl, after it has applied deploy/."""
    kubectl = Kubectl(kubectls()[-1], server)
    kubectl("apply", "-k", DEPLOY, "--validate=strict")
    return kubectl


@pytest.mark.parametrize("mode", [[], ["--server-side"]], ids=["client-side", "server-side"])
def test_every_manifest_is_accepted_and_stays(mode):
    fresh = ApiServer()
    try:
        for binary in kubectls():
            kubectl = Kubectl(binary, fresh)
            out = kubectl("apply", "-k", DEPLOY, "--validate=strict", *mode).splitlines()
            assert [line.split("/")[0].split(".")[0] for line in out] == [
                "namespace", "serviceaccount", "clusterrole", "clusterrolebinding", "configmap", "daemonset"]
            assert kubectl.run("diff", "-k", DEPLOY, check=False).returncode == 0 or mode
    finally:
        fresh.stop()


def test_a_misspelt_field_is_refused(server, tmp_path):
    kubectl = Kubectl(kubectls()[-1], server)
    rendered = kubectl("kustomize", DEPLOY)
    for field in ("hostNetwork", "nonResourceURLs", "roleRef", "maxUnavailable", "readOnlyRootFilesystem"):
        if field in rendered:
            wrong = rendered.replace(field + ":", field + "s:")
            refused = kubectl.run("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=wrong, check=False)
            assert refused.returncode != 0 and field in refused.stderr


def test_the_agents_pod(applied):
    daemons = applied.json("get", "daemonset", "hitless-agent", "-n", "hitless")
    pod = daemons["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["hostNetwork"] and "hostPID" not in pod
    assert pod["priorityClassName"] == "system-node-critical" and pod["tolerations"] == [{"operator": "Exists"}]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and security["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"]}
    assert (container["livenessProbe"]["httpGet"]["path"], container["readinessProbe"]["httpGet"]["path"]) == \
        ("/livez", "/readyz")
    # The pod finds the API server by the address in the generated ConfigMap.
    name = {entry["valueFrom"]["configMapKeyRef"]["name"] for entry in container["env"]
            if "configMapKeyRef" in entry.get("valueFrom", {})}
    assert len(name) == 1
    data = applied.json("get", "configmap", name.pop(), "-n", "hitless")["data"]
    assert set(data) == {"host", "port"}
    assert {"name": "POD_SOCKET", "value": "none"} in container["env"]
    binding = applied.json("get", "clusterrolebinding", "hitless-agent")
    account = binding["subjects"][0]
    assert (account["kind"], account["namespace"], account["name"]) == \
        ("ServiceAccount", "hitless", pod["serviceAccountName"])


def rendered_with(tmp_path, component):
    subprocess.run(["cp", "-r", DEPLOY, str(tmp_path / "deploy")], check=True)
    file = tmp_path / "deploy/kustomization.yaml"
    text = file.read_text()
    assert f"\n# - {component} " in text
    file.write_text(text.replace("# components:", "components:").replace(f"\n# - {component} ", f"\n- {component} "))
    return subprocess.run([kubectls()[-1], "kustomize", str(tmp_path / "deploy")], capture_output=True, text=True,
                          check=True).stdout


def test_the_cni_component(tmp_path, server):
    rendered = rendered_with(tmp_path, "cni")
    kubectl = Kubectl(kubectls()[-1], server)
    kubectl("apply", "--validate=strict", "-f", "-", stdin=rendered)
    pod = kubectl.json("get", "daemonset", "hitless-agent", "-n", "hitless")["spec"]["template"]["spec"]
    agent = pod["containers"][0]
    assert "--pod-socket=$(POD_SOCKET)" in agent["command"]
    assert {"name": "POD_SOCKET", "value": "/run/hitless/agent.sock"} in agent["env"]
    assert [entry["name"] for entry in agent["env"]].count("POD_SOCKET") == 1
    assert agent["volumeMounts"] == [{"name": "pod-socket", "mountPath": "/run/hitless"}]
    assert pod["volumes"][0]["hostPath"] == {"path": "/run/hitless", "type": "DirectoryOrCreate"}


def test_the_accept_queue_component(tmp_path):
    rendered = rendered_with(tmp_path, "accept-queue")
    assert "hostPID: true" in rendered and "- SYS_PTRACE" in rendered


def request_of(line):
    """(verb, group, resource) of a recorded request."""
    method, target, _ = line.split(" ", 2)
    url = urllib.parse.urlsplit(target)
    parts = url.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    if method == "POST":
        verb = "create"
    elif len(rest) > 1:
        verb = "get"
    else:
        verb = "watch" if "watch=true" in url.query else "list"
    return verb, group, rest[0]


@pytest.fixture(scope="module")
def requests(tmp_path_factory):
    """What the agent asks for, started as in a pod: no kubeconfig, the service account's files mounted."""
    place = tmp_path_factory.mktemp("agent")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", place / "key",
                    "-out", place / "ca.crt"], check=True, capture_output=True)
    (place / "token").write_text("of-the-account\n")
    log = place / "requests"
    log.touch()
    script = f"""
        ip link set lo up
        mount -t tmpfs none "$(realpath /var/run)"
        account=/var/run/secrets/kubernetes.io/serviceaccount
        mkdir -p $account && cp {place}/ca.crt {place}/token $account/
        {sys.executable} {ROOT}/tests/deploy/recorder.py 6443 {place}/ca.crt {place}/key {log} &
        export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=6443
        {HITLESS} agent --node-name n1 & agent=$!
        read line
        kill $agent %1; wait $agent
    """
    if subprocess.run(["unshare", "-rnm", "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here")
    pod = subprocess.Popen(["unshare", "-rnm", "sh", "-c", script], stdin=subprocess.PIPE, text=True)
    try:
        def recorded():
            lines = log.read_text().splitlines()
            asked = {request_of(line) for line in lines}
            kinds = {resource for _, _, resource in asked}
            complete = WATCHED <= kinds and \
                all((verb, group, resource) in asked for _, group, resource in asked for verb in ("list", "watch"))
            return lines if complete else None
        lines = eventually(recorded, what="a list and a watch of each resource")
    finally:
        pod.communicate("stop\n", timeout=20)
    return lines


def test_a_pod_shows_its_token(requests):
    assert {line.split(" ", 2)[2] for line in requests} == {"Bearer of-the-account"}


def test_the_role_allows_what_the_agent_asks_for_and_little_else(applied, requests):
    role = applied.json("get", "clusterrole", "hitless-agent")
    granted = {(verb, group, resource) for rule in role["rules"] for verb in rule["verbs"]
               for group in rule["apiGroups"] for resource in rule["resources"]}
    asked = {request_of(line) for line in requests}
    asked.add(("create", "", "events"))  # src/app/agent/event_writer.cc
    assert asked <= granted, f"the ClusterRole lacks {sorted(asked - granted)}"
    wanted = {(group, resource) for _, group, resource in asked}
    unused = {resource for _, group, resource in granted if (group, resource) not in wanted}
    assert unused <= ASKED_FOR_AT_TIMES, f"nobody asks for {sorted(unused)}"
    assert {verb for verb, _, resource in granted if resource != "events"} <= {"get", "list", "watch"}


def test_outside_a_pod_it_says_what_is_missing():
    done = subprocess.run(["unshare", "-rn", HITLESS, "agent", "--node-name", "n1"], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin"}, timeout=20)
    assert done.returncode == 1
    assert "KUBERNETES_SERVICE_HOST" in done.stderr and "--kubeconfig" in done.stderr

"""hitless explain policy: from manifests, one connection and many, and from a cluster's API."""
import json
import pathlib
import subprocess

import pytest

from place import HITLESS, KUBECTL, NODE, eventually

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/network-policy"
SHOP = ("-f", EXAMPLE / "shop.yaml")
BEGIN = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: "


def explain(*arguments, enter=(), expect=0):
    done = subprocess.run([*enter, HITLESS, "explain", "policy", *arguments], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout if expect == 0 else done.stderr


def ask(source, target, port, *more, **options):
    return explain("--from", source, "--to", target, "--port", port, *SHOP, *more, **options)


def test_one_connection():
    text = ask("shop/web", "shop/db", "sql/TCP")
    assert text.splitlines()[0] == "shop/web (10.244.1.10) -> shop/db (10.244.2.10) 5432/TCP: allowed"
    assert "ingress of shop/db: allowed, shop/db rule 1 allows it" in text
    answer = json.loads(ask("10.244.1.20", "db", "5432", "-n", "shop", "-o", "json"))
    assert not answer["allowed"] and answer["egress"]["allowed"] and not answer["ingress"]["allowed"]
    assert answer["ingress"]["policies"] == ["shop/db", "shop/deny-all"]


def test_the_documentation_shows_what_comes_out():
    shown = (EXAMPLE.parents[1] / "network-policy.md").read_text()
    for line in ask("203.0.113.7", "shop/db", "5432").splitlines():
        assert f"    {line}\n" in shown


def test_all_probes_of_a_file():
    answers = json.loads(explain(*SHOP, "--probes", EXAMPLE / "probes.json", "-o", "json"))
    assert [answer["allowed"] for answer in answers] == [True, False, True, False, True, False]
    assert answers[2]["ingress"]["by"] == "shop/db rule 2" and answers[2]["portNumber"] == 9187
    lines = explain(*SHOP, "--probes", EXAMPLE / "probes.json").splitlines()
    assert lines[5].endswith("443/TCP: denied, egress: no rule of shop/deny-all, shop/web allows it")


def test_several_folders_add_up_and_the_last_of_a_name_counts(tmp_path):
    (tmp_path / "open.yaml").write_text(BEGIN.replace("name: p", "name: db, namespace: shop") +
                                        "{podSelector: {}, ingress: [{}]}")
    assert "allowed" in ask("203.0.113.7", "shop/db", "5432", "-f", tmp_path).splitlines()[0]


@pytest.mark.parametrize("arguments, message", [
    (("shop/wep", "shop/db", "80"), "there is no Pod shop/wep (did you mean shop/web?)"),
    (("shop/web", "shop/db", "http"), "Pod shop/db has no port named 'http' for TCP (it has sql/TCP, metrics/TCP)"),
    (("shop/web", "shop/db", "80/ICMP"), "protocol 'ICMP' is none of TCP, UDP and SCTP"),
    (("shop/web", "shop/db", ""), "either --from, --to and --port, or --probes FILE"),
    (("shop/web", "", "", "--probes", EXAMPLE / "probes.json"), "either --from, --to and --port, or --probes FILE")])
def test_wrong_questions(arguments, message):
    assert message in ask(*arguments, expect=1)


@pytest.mark.parametrize("text, place", [
    ('[{"from": "shop/web", "to": "shop/db", "port": 80},\n {"from": "shop/wep", "to": "shop/db", "port": 80}]',
     "[1]: there is no Pod shop/wep"),
    ('[{"from": "shop/web", "to": "shop/db", "port": 80, "protokol": "UDP"}]', "[0]: 'protokol' is none of"),
    ('[\n{"from": ]', ":2:")])
def test_wrong_probes(tmp_path, text, place):
    (tmp_path / "probes.json").write_text(text)
    assert f"{tmp_path}/probes.json{place}" in explain(*SHOP, "--probes", tmp_path / "probes.json", expect=1)


@pytest.mark.parametrize("spec, message", [
    ("{podSelector: {}, ingress: [{from: [{podSelektor: {}}]}]}", "unknown field \"spec.ingress[0].from[0].podSelektor\""),
    ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]}", "must be a valid CIDR value"),
    ("{podSelector: all}", "cannot unmarshal string")])
def test_wrong_policies_are_named_with_file_and_line(tmp_path, spec, message):
    (tmp_path / "p.yaml").write_text("---\n" + BEGIN + spec)
    said = ask("shop/web", "shop/db", "80", "-f", tmp_path, expect=1)
    assert f"{tmp_path}/p.yaml:2: " in said and message in said


def test_from_a_cluster(place):
    place.apply((EXAMPLE / "shop.yaml").read_text())
    cluster = ("--kubeconfig", place.kubeconfig, "--from", "shop/web", "--to", "shop/db", "--port")
    assert "allowed, shop/db rule 1 allows it" in explain(*cluster, "sql", enter=place.enter)
    assert "denied" in explain(*cluster, "metrics", enter=place.enter).splitlines()[0]


PODS = """
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: default, labels: {app: %s}}
spec: {nodeName: n1, containers: [{name: c, image: c}]}
status: {phase: Running, podIP: %s, podIPs: [{ip: %s}]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: default}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}
"""


def test_against_the_kernel(place):
    pods = [PODS % (name, name, address, address) for name, address in [("web", "10.1.1.7"), ("db", "10.1.1.8")]]
    place.apply("---".join([NODE, POLICY, *pods]))
    for name, address in [("web", "10.1.1.7"), ("db", "10.1.1.8")]:
        status = json.dumps({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}})
        place.run(KUBECTL, "--kubeconfig", place.kubeconfig, "patch", "pod", name, "--subresource=status", "-p", status)
    agent = place.agent()
    table = ["nft", "list", "table", "inet", "hitless-policy"]
    held = lambda: subprocess.run(place.enter + table, text=True, capture_output=True).stdout
    assert eventually(lambda: "default/db" in held() and "default/web" in held())
    question = ["--from", "web", "--to", "db", "--port", "80", "--kubeconfig", place.kubeconfig, "--kernel"]
    same = explain(*question, enter=place.enter)
    assert "rules of this node: accept\n" in same and "ingress-v4-default/db 0:" in same
    assert json.loads(place.ask("/policies/audit"))["operations"] == 0

    # Somebody else takes a peer away, and the agent is not there to notice.
    agent.kill()
    agent.wait()
    peers = next(line.split()[1] for line in held().splitlines() if line.strip().startswith("set pods-") and "-v4" in line)
    place.nft("delete", "element", "inet", "hitless-policy", peers, "{ 10.1.1.7 }")
    differs = explain(*question, enter=place.enter)
    assert "rules of this node: reject with tcp reset, but policies allow it" in differs
    answer = json.loads(explain(*question, "-o", "json", enter=place.enter))
    assert answer["allowed"] and not answer["kernel"]["allowed"] and not answer["kernel"]["asPoliciesSay"]

    place.nft("delete", "table", "inet", "hitless-policy")
    assert "no agent enforces NetworkPolicies here" in explain(*question, enter=place.enter, expect=1)

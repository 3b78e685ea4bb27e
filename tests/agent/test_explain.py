"""hitless explain service: from manifests, from a cluster, and against the kernel."""
import json
import subprocess

from place import HITLESS, NODE, SERVICE, eventually, slice_of


def explain(*arguments, enter=(), expect=0):
    done = subprocess.run([*enter, HITLESS, "explain", "service", *arguments], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout if expect == 0 else done.stderr


def manifests(tmp_path):
    (tmp_path / "web.yaml").write_text("---".join([NODE, SERVICE, slice_of("10.1.1.7", "10.1.1.8")]))
    return str(tmp_path)


def test_from_manifests(tmp_path):
    text = explain("web", "-f", manifests(tmp_path))
    assert "10.96.0.10:80/TCP (cluster IP), traffic policy Cluster: forwarded, ready endpoints" in text
    assert "+ 10.1.1.7:8080" in text and "+ 10.1.1.8:8080" in text
    answer = json.loads(explain("default/web:80", "-f", manifests(tmp_path), "--from", "203.0.113.5", "-o", "json"))
    assert answer["from"] == "outside the node"
    assert [endpoint["used"] for endpoint in answer["addresses"][0]["endpoints"]] == [True, True]


def test_errors_say_what_is_missing(tmp_path):
    given = manifests(tmp_path)
    assert "there is no Service default/nothing" in explain("nothing", "-f", given, expect=1)
    assert "has no port 'dns'" in explain("web:dns", "-f", given, expect=1)
    assert "is neither pod, node, external" in explain("web", "-f", given, "--from", "nobody", expect=1)


def test_from_a_cluster_and_against_the_kernel(place):
    place.apply("---".join([NODE, SERVICE, slice_of("10.1.1.7", "10.1.1.8")]))
    agent = place.agent()
    assert eventually(lambda: "10.1.1.8" in place.rules())
    ask = ["web", "--kubeconfig", place.kubeconfig, "--kernel"]
    same = explain(*ask, enter=place.enter)
    assert "+ 10.1.1.7:8080" in same and "The kernel holds the same." in same

    # Somebody else takes an endpoint away, and the agent is not there to notice.
    agent.kill()
    agent.wait()
    place.nft("delete", "element", "inet", "hitless", "service-endpoints-v4",
              "{ 10.96.0.10 . tcp . 80 . 0x00000001 }")
    differs = explain(*ask, enter=place.enter)
    assert "The kernel differs" in differs
    assert "10.96.0.10:80/TCP: the kernel has 10.1.1.7:8080, the objects say 10.1.1.7:8080, 10.1.1.8:8080" in differs

    alone = explain("web", "--kernel", "--kubeconfig", "/nowhere", enter=place.enter, expect=1)
    assert "/nowhere" in alone

"""deploy/gateway: accepted as it stands, and its role allows what the gateway asks for, and no more."""
import pathlib
import re
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/api"))
from server import ApiServer, Kubectl, kubectls  # noqa: E402

PLACE = ROOT / "deploy/gateway"


def documents(name):
    return list(yaml.safe_load_all((PLACE / name).read_text()))


def rules(verb):
    role = next(one for one in documents("access.yaml") if one["kind"] == "ClusterRole")
    return {f"{group}/{resource}" for rule in role["rules"] if verb in rule["verbs"]
            for group in rule["apiGroups"] for resource in rule["resources"]}


def watched():
    """The resources in the table of kinds that a RouteBook is made from."""
    source = (ROOT / "src/core/proxy/routing/route_book.cc").read_text()
    names = re.findall(r"\{\{&kube::res::k(\w+), (?:true|false)\}", source)
    table = (ROOT / "src/core/kube/resource.cc").read_text()
    compact = re.sub(r"\s+", " ", table)
    found = set()
    for name in names:
        plural = {"HttpRoutes": "httproutes", "GrpcRoutes": "grpcroutes"}.get(name, name.lower())
        group = re.search(r'\{"([^"]*)", "[^"]*", "[^"]*", "%s",' % plural, compact).group(1)
        found.add(f"{group}/{plural}")
    return found


def test_role_covers_what_is_watched_and_no_more():
    assert len(watched()) == 11
    assert rules("list") == rules("watch") == watched()
    assert rules("patch") == {f"gateway.networking.k8s.io/{kind}/status"
                              for kind in ("gatewayclasses", "gateways", "httproutes", "grpcroutes")} | {
                                  "networking.k8s.io/ingresses/status"}
    assert not rules("create") | rules("update") | rules("delete") | rules("*")


@pytest.mark.skipif(not kubectls(), reason="no kubectl here")
def test_is_accepted():
    server = ApiServer()
    try:
        kubectl = Kubectl(kubectls()[-1], server)
        kubectl("apply", "-k", str(PLACE), "--validate=strict")
        assert kubectl("get", "gatewayclass", "hitless", "-o", "name")
        spec = kubectl.json("get", "deployment", "hitless-gateway", "-n", "hitless-gateway")["spec"]["template"]["spec"]
        assert spec["containers"][0]["command"][1:3] == ["proxy", "gateway"]
        grace = {one["name"]: one["value"] for one in spec["containers"][0]["env"]}["TERMINATION_GRACE_PERIOD"]
        assert int(grace) == spec["terminationGracePeriodSeconds"]
    finally:
        server.stop()

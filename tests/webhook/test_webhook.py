"""`hitless webhook`: its answers over TLS, its certificates, its end."""
import subprocess

from hook import CONFIGURATION, POD, ROOT, SECRET, eventually, patch_of


def believed(webhook, trust):
    try:
        return "patch" in webhook.ask(POD, webhook.connect(trust))
    except OSError:
        return False


def hooks(patch):
    return [step["value"]["preStop"]["httpGet"] for step in patch if step["path"].endswith("/lifecycle")]


def test_it_answers_with_certificates_that_it_made_and_published(server, start):
    webhook = start().ready()
    response = webhook.ask(POD)
    assert response["patchType"] == "JSONPatch"
    patch = patch_of(response)
    (hook,) = hooks(patch)
    (annotations,) = [step["value"] for step in patch if step["path"] == "/metadata/annotations"]
    assert hook["path"] == "/v1/gate/" + annotations["hitless.io/gate"]
    assert (hook["host"], hook["port"]) == ("127.0.0.1", 9470)
    kept = {"metadata": {}, "spec": {"containers": [
        {"name": "own", "lifecycle": {"preStop": {"sleep": {"seconds": 3}}}}]}}
    (warning,) = webhook.ask(kept)["warnings"]
    assert warning.startswith("hitless: container own has a preStop hook of its own")
    metrics = webhook.get("/metrics")[1]
    assert 'hitless_webhook_reviews_total{outcome="patched"} 2' in metrics  # The annotation is a patch too.
    assert "hitless_webhook_ready 1" in metrics


def test_one_answer_holds_the_proxy_and_the_gate(server, start):
    webhook = start("--proxy-image", "registry.example/hitless:1").ready()
    asking = {**POD, "metadata": {"annotations": {"hitless.io/inject": "true", "hitless.io/sidecar": "container"}}}
    patch = patch_of(webhook.ask(asking))
    (proxy,) = [step["value"] for step in patch if step["path"] == "/spec/containers/-"]
    assert (proxy["name"], proxy["image"], proxy["args"][-1]) == ("hitless-proxy", "registry.example/hitless:1", "--gated")
    (hook,) = hooks(patch)
    assert proxy["lifecycle"]["preStop"]["httpGet"] == hook, "the proxy's SIGTERM waits as the application's does"
    assert all("hitless-proxy" not in str(step) for step in patch_of(webhook.ask(POD)))


def test_what_is_no_review_is_told_so(server, start):
    webhook = start().ready()
    connection = webhook.connect()
    for method, path, body, status in (("POST", "/mutate", "nonsense", 400), ("GET", "/mutate", None, 405),
                                       ("POST", "/", "{}", 404), ("POST", "/mutate", "x" * (9 << 20), 413)):
        connection.close()
        connection = webhook.connect()
        connection.request(method, path, body)
        assert connection.getresponse().status == status
    assert webhook.ask(POD)["allowed"]


def test_a_namespace_opts_out_while_it_runs(server, start):
    webhook = start().ready()
    assert "patch" in webhook.ask(POD, namespace="default")
    server.kubectl("label", "namespace", "default", "hitless.io/gate=off")
    eventually(lambda: "patch" not in webhook.ask(POD, namespace="default"), what="the opt-out")
    willing = {**POD, "metadata": {"annotations": {"hitless.io/gate": "on"}}}
    assert "patch" in webhook.ask(willing, namespace="default")
    server.kubectl("label", "namespace", "default", "hitless.io/gate-")
    eventually(lambda: "patch" in webhook.ask(POD, namespace="default"), what="the end of the opt-out")


def test_replicas_share_one_authority(server, start):
    replicas = [start() for _ in range(3)]
    for replica in replicas:
        replica.ready()
    trust = replicas[0].trust()
    assert trust.count("BEGIN CERTIFICATE") == 1
    for replica in replicas:
        assert "patch" in replica.ask(POD, replica.connect(trust))
    assert server.call("GET", SECRET)[1]["metadata"]["resourceVersion"]


def test_a_successor_keeps_the_keys(server, start):
    first = start().ready()
    trust = first.trust()
    first.stop()
    second = start().ready()
    assert second.trust() == trust
    assert "patch" in second.ask(POD, second.connect(trust))


def test_it_renews_its_certificate_without_ending_connections(server, start):
    # Valid from an hour before: two thirds of this life are over after three seconds.
    webhook = start("--certificate-lifetime", "1805s").ready()
    old = webhook.connect()
    webhook.ask(POD, old)
    before = old.sock.getpeercert()["serialNumber"]
    trust = webhook.trust()

    def renewed():
        return webhook.connect(trust).sock.getpeercert()["serialNumber"] != before
    eventually(renewed, timeout=30, what="another certificate of the same authority")
    assert "patch" in webhook.ask(POD, old), "the connection from before goes on"
    assert webhook.number("hitless_webhook_certificate_renewals_total") >= 1


def test_what_others_do_to_its_objects_is_put_right(server, start):
    webhook = start().ready()
    trust = webhook.trust()
    server.call("PATCH", CONFIGURATION, [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "Zm9v"}],
                {"Content-Type": "application/json-patch+json"})
    eventually(lambda: webhook.trust() == trust, what="the caBundle")
    server.call("DELETE", SECRET)
    eventually(lambda: webhook.trust() != trust, what="another authority")
    eventually(lambda: believed(webhook, webhook.trust()), what="a certificate that it vouches for")


def test_it_is_not_ready_without_its_configuration(server, start):
    server.kubectl("delete", "mutatingwebhookconfiguration", "hitless-webhook")
    webhook = start()
    eventually(lambda: "does not trust" in webhook.get("/readyz")[1], what="what it waits for")
    assert webhook.get("/healthz")[0] == 200
    server.kubectl("apply", "-f", str(ROOT / "deploy/webhook/admission.yaml"))
    webhook.ready()


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:hitless-webhook.hitless.svc",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"], check=True, capture_output=True)
    return (folder / f"{name}.crt").read_text()


def test_certificates_from_files_are_reloaded(server, start, tmp_path):
    first, second = certificate(tmp_path, "first"), certificate(tmp_path, "second")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    cert.symlink_to("first.crt")
    key.symlink_to("first.key")
    webhook = start("--tls-cert", str(cert), "--tls-key", str(key)).ready()
    assert "patch" in webhook.ask(POD, webhook.connect(first))
    for link, target in ((cert, "second.crt"), (key, "second.key")):
        fresh = tmp_path / "fresh"
        fresh.symlink_to(target)
        fresh.rename(link)

    eventually(lambda: believed(webhook, second), what="the other certificate")
    assert server.call("GET", SECRET)[0] == 404, "somebody else makes the certificates"
    assert "caBundle" not in server.call("GET", CONFIGURATION)[1]["webhooks"][0]["clientConfig"]


def test_a_file_that_is_no_certificate_ends_it_at_once(server, start, tmp_path):
    (tmp_path / "tls.crt").write_text("nonsense")
    (tmp_path / "tls.key").write_text("nonsense")
    with open(tmp_path / "log", "w") as log:
        webhook = start("--tls-cert", str(tmp_path / "tls.crt"), "--tls-key", str(tmp_path / "tls.key"), log=log)
        assert webhook.process.wait(timeout=20) == 1
    assert "tls.crt" in (tmp_path / "log").read_text()


def slice_of(ready):
    return {"metadata": {"name": "hitless-webhook-x", "labels": {"kubernetes.io/service-name": "hitless-webhook"}},
            "addressType": "IPv4", "endpoints": [{
                "addresses": ["10.1.0.9"], "conditions": {"ready": ready},
                "targetRef": {"kind": "Pod", "name": "hitless-webhook-1", "namespace": "hitless"}}]}


def test_it_answers_until_it_is_no_endpoint_any_more(server, start):
    slices = "/apis/discovery.k8s.io/v1/namespaces/hitless/endpointslices"
    assert server.call("POST", slices, slice_of(True))[0] == 201
    webhook = start("--pod-name", "hitless-webhook-1").ready()
    kept = webhook.connect()
    webhook.ask(POD, kept)
    webhook.terminate()
    eventually(lambda: webhook.get("/readyz")[0] == 503, what="that it is not ready")
    assert "shutting down" in webhook.get("/readyz")[1]
    assert "patch" in webhook.ask(POD), "it is an endpoint still"
    assert "patch" in webhook.ask(POD, kept)
    assert kept.sock is None, "and the connection is told that this was its last answer"
    assert webhook.process.poll() is None
    server.call("PUT", slices + "/hitless-webhook-x", slice_of(False))
    assert "patch" in webhook.ask(POD)
    assert webhook.process.wait(timeout=30) == 0


def test_a_second_signal_ends_it_at_once(server, start):
    webhook = start().ready()
    webhook.terminate()
    eventually(lambda: webhook.get("/readyz")[0] == 503)
    webhook.terminate()
    assert webhook.process.wait(timeout=10) == 0

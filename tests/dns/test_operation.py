"""The name server as those see it who run it: health, metrics, log, and what happens when it dies."""
import re
import signal
import socket

import dns.exception
import dns.message
import pytest

import dual_stack
import shop
from nameplace import DNS4, DNS6, endpoint, endpoint_slice, port, service, values
from place import eventually
from upstream import Upstream, reply_to

VERSION = "dns-version.cluster.local"
COREDNS = """
build_info dns_requests_total dns_responses_total dns_request_duration_seconds dns_request_size_bytes
dns_response_size_bytes dns_do_requests_total cache_entries cache_hits_total cache_requests_total cache_prefetch_total
cache_drops_total cache_served_stale_total cache_evictions_total forward_healthcheck_broken_total
forward_max_concurrent_rejects_total proxy_request_duration_seconds proxy_healthcheck_failures_total
proxy_conn_cache_hits_total proxy_conn_cache_misses_total autopath_success_total panics_total
kubernetes_dns_programming_duration_seconds
"""


def test_health_and_readiness_have_corednss_ports(place):
    place.api.send_signal(signal.SIGSTOP)
    place.logged_agent("--dns-listen", "127.0.0.1", "--dns-health-address", "127.0.0.1:8080", "--dns-ready-address",
                       "127.0.0.1:8181", "--dns-upstream", "none")
    assert eventually(lambda: place.status("/health", "127.0.0.1:8080") == 200), place.said()
    assert place.status("/ready", "127.0.0.1:8181") == 503
    assert not place.answers("127.0.0.1"), "who cannot know leaves the answer to others"
    place.api.send_signal(signal.SIGCONT)
    assert eventually(lambda: place.status("/ready", "127.0.0.1:8181") == 200), place.said()
    assert place.ask("/ready", "127.0.0.1:8181") == place.ask("/health", "127.0.0.1:8080") == "OK"
    assert eventually(lambda: place.answers("127.0.0.1"))


def test_names_outlive_the_api_server(place):
    place.create(service("web", "10.96.1.1"))
    place.serve()
    assert eventually(lambda: place.addresses("web.shop.svc.cluster.local") == ["10.96.1.1"])
    place.api.kill()
    place.api.wait()
    for _ in range(50):
        assert place.addresses("web.shop.svc.cluster.local") == ["10.96.1.1"]
    assert place.status("/ready") == 200
    text = " ".join(values(place.query("generation.cluster.local", "TXT")))
    assert re.search(r'"age=\d+\.\d{3}s"', text), text


def test_metrics_have_corednss_names(place):
    upstream = shop.upstream(place)
    place.create(*shop.objects())
    place.serve("--dns-upstream", upstream.at)
    assert eventually(lambda: place.addresses("web.shop.svc.cluster.local"))
    for name, kind, tcp in (("web.shop.svc.cluster.local", "AAAA", True), ("nope.cluster.local", "A", False),
                            ("outside.example", "A", False), ("outside.example", "A", False)):
        place.query(name, kind, tcp=tcp, want_dnssec=name.startswith("web"))
    text = place.ask("/metrics")
    for name in COREDNS.split():
        assert f"# TYPE coredns_{name} " in text, name
    count = place.sum_of
    requests = "coredns_dns_requests_total"
    assert count(requests, zone="cluster.local.", proto="tcp", family="1", type="AAAA") == 1
    assert count(requests, zone=".", proto="udp", type="A") == 2
    responses = "coredns_dns_responses_total"
    assert count(responses, rcode="NXDOMAIN", plugin="kubernetes") == 1
    assert count(responses, plugin="forward") == 1 and count(responses, plugin="cache") == 1
    assert count(responses) == count(requests)
    assert count("coredns_dns_do_requests_total") == 1
    assert count("coredns_cache_hits_total", type="success") == 1 and count("coredns_cache_entries") == 1
    assert count("coredns_proxy_request_duration_seconds_count", to=upstream.at) == 1
    assert count("coredns_dns_request_duration_seconds_count") == count(requests)


LINE = (r'(\[::1\]|127\.0\.0\.1):\d+ - \d+ "(?P<type>\S+) IN (?P<name>\S+) (?P<proto>udp|tcp) \d+ (true|false) '
        r'(?P<size>\d+)" (?P<rcode>[A-Z]+) (?P<flags>[a-z,]+) \d+ \d+\.\d{9}s')


def logged(place):
    return [match for match in (re.search(LINE, line) for line in place.said().splitlines()) if match]


def test_queries_are_logged_as_coredns_does(place):
    place.serve("--dns-log", "all", listen=("127.0.0.1", "::1"))
    place.query("No.cluster.local", edns=0)
    place.query(VERSION, "TXT", tcp=True, server="::1")
    assert eventually(lambda: len([line for line in logged(place) if line["proto"] == "tcp"]) == 1), place.said()
    denial, = [line for line in logged(place) if line["name"] == "No.cluster.local."]
    assert denial["rcode"] == "NXDOMAIN" and denial["size"] == "512" and denial["flags"] == "qr,aa,rd"
    success = [line for line in logged(place) if line["proto"] == "tcp"][0]
    assert success["rcode"] == "NOERROR" and success["type"] == "TXT" and success["name"] == VERSION + "."
    assert "[::1]:" in success[0]


def test_one_class_of_answers_is_logged_alone(place):
    place.serve("--dns-log", "denial")
    place.query("no.cluster.local")
    place.query(VERSION, "TXT")
    place.query("last.cluster.local")
    assert eventually(lambda: "last.cluster.local" in place.said())
    assert {line["rcode"] for line in logged(place)} == {"NXDOMAIN"}


def test_the_generation_moves_with_what_is_published(place):
    place.serve()
    before = place.generation()
    place.create(service("web", "10.96.1.1"))
    assert eventually(lambda: place.addresses("web.shop.svc.cluster.local"))
    created = place.generation()
    assert created > before
    made = endpoint_slice("web", endpoint("10.1.1.5"))
    revision = int(place.create(made)["metadata"]["resourceVersion"])

    assert eventually(lambda: place.published() >= revision)
    assert place.query("generation.cluster.local", "TXT").answer[0].ttl == 0
    # A Node's news are none of the names'.
    assert eventually(lambda: place.generation() >= created)
    settled = place.generation()
    place.call("PATCH", "/api/v1/nodes/n1", {"metadata": {"labels": {"a": "b"}}})
    assert place.generation() == settled


@pytest.fixture
def fallback(place):
    """Another DNS server behind the DNS Service, as every cluster has it; it says who it is."""
    place.other = Upstream(place, lambda query, _: reply_to(query, ("TXT", '"fallback"')), "10.1.1.5", 5353)
    place.create(endpoint_slice("kube-dns", endpoint("10.1.1.5"), ns="kube-system",
                                ports=(port(5353, "dns", "UDP"), port(5353, "dns-tcp"))))
    return place


def says(place, expected, tcp=False, server=DNS4):
    try:
        return values(place.query(VERSION, "TXT", server=server, tcp=tcp, timeout=0.5)) == [f'"{expected}"']
    except (OSError, dns.exception.Timeout, EOFError):
        return False


def test_a_killed_agent_leaves_its_place_to_the_service(fallback):
    process = fallback.serve()
    assert eventually(lambda: says(fallback, "1.1.0")), fallback.said()
    with fallback.socket(timeout=2) as kept:  # Of a client that knows of nothing.
        kept.connect((DNS4, 53))
        wire = dns.message.make_query(VERSION, "TXT").to_wire()

        def kept_says():
            kept.send(wire)
            return values(dns.message.from_wire(kept.recv(512)))

        for _ in range(3):
            assert kept_says() == ['"1.1.0"']
            process.kill()
            process.wait()
            for tcp in (False, True):
                assert says(fallback, "fallback", tcp), "at once"
            assert kept_says() == ['"fallback"']
            process = fallback.serve()
            assert eventually(lambda: says(fallback, "1.1.0"))
            assert says(fallback, "1.1.0", tcp=True)
            assert eventually(lambda: kept_says() == ['"1.1.0"'])


def test_a_stopped_agent_does_too(fallback):
    process = fallback.serve()
    assert eventually(lambda: says(fallback, "1.1.0")), fallback.said()
    process.terminate()
    assert process.wait(10) == 0
    assert says(fallback, "fallback") and says(fallback, "fallback", tcp=True)


def test_without_names_queries_pass_by(fallback):
    fallback.logged_agent("--no-dns")
    assert eventually(lambda: says(fallback, "fallback")), fallback.said()
    assert fallback.status("/ready") != 200 and "coredns_dns_requests_total" not in fallback.ask("/metrics")


def test_every_address_answers_from_itself(place):
    dual_stack.start(place)
    place.serve(listen=("127.0.0.1", "::1", "10.1.1.1"))
    for server in (DNS4, DNS6, "169.254.20.10", "127.0.0.1", "::1", "10.1.1.1"):
        assert eventually(lambda: place.answers(server)), server
        with place.socket(socket.AF_INET6 if ":" in server else socket.AF_INET) as via:
            via.sendto(dns.message.make_query(VERSION, "TXT").to_wire(), (server, 53))
            assert via.recvfrom(512)[1][0] == server


def test_the_dns_service_may_come_and_change(place):
    """Its addresses are followed while the agent runs."""
    place.serve()
    assert eventually(lambda: place.answers(DNS4))
    place.delete(service("kube-dns", DNS4, ns="kube-system"))
    assert eventually(lambda: not place.answers(DNS4))
    assert place.answers("169.254.20.10"), "whatever becomes of the Service"
    place.create(service("kube-dns", "10.96.0.53", ns="kube-system", ports=(port(53, "dns", "UDP"),)))
    assert eventually(lambda: place.answers("10.96.0.53"))
    assert place.addresses("ns.dns.cluster.local") == ["10.96.0.53", "169.254.20.10"]


@pytest.mark.parametrize("arguments,message", [
    (("--dns-upstream", "nobody"), "no name server"), (("--dns-listen", "here"), "no IP address"),
    (("--dns-stub-domain", "corp"), "ZONE=SERVER"), (("--dns-log", "most"), "success, denial, error or all"),
    (("--cluster-domain", "a..b"), "a..b"), (("--dns-ttl", "9999"), "--dns-ttl"), (("--dns-park", "-1s"), "-1s")])
def test_a_wrong_flag_is_explained(place, arguments, message):
    done = place.attempt("agent", "--node-name", "n1", *arguments)
    assert done.returncode != 0 and message in done.stderr + done.stdout

"""Names outside of the cluster: asked of servers that this test writes."""
import concurrent.futures
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from nameplace import status_of, values
from place import eventually
from upstream import Upstream, denial_of, reply_to


class Gate:
    """An upstream's answers wait here until it opens."""

    def __init__(self):
        self.opened = threading.Event()

    def answer(self, query, _):
        self.opened.wait(10)
        return reply_to(query, ("A", "192.0.2.1"))


def well(query, _):
    return reply_to(query, ("A", "192.0.2.1"))


def dead(_, __):
    return None


def failing(query, _):
    return reply_to(query, rcode=dns.rcode.SERVFAIL)


def test_an_answer_is_passed_on_whole_and_kept(place):
    def answer(query, _):
        reply = reply_to(query, ("CNAME", "b.example."), ("b.example.", "A", "192.0.2.1", "192.0.2.2"))
        reply.additional.append(dns.rrset.from_text("c.example.", 30, "IN", "A", "192.0.2.3"))
        return reply

    upstream = Upstream(place, answer)
    place.serve("--dns-upstream", upstream.at)
    first = place.query("a.example")
    assert sorted(values(first)) == ["192.0.2.1", "192.0.2.2", "b.example."] and values(first, "CNAME")
    assert first.additional[0][0].to_text() == "192.0.2.3"
    assert first.flags & dns.flags.RA and not first.flags & dns.flags.AA
    for _ in range(20):
        again = place.query("A.Example")
        assert sorted(map(str.lower, values(again))) == sorted(values(first))
        assert again.question[0].name.to_text() == "A.Example."
    assert upstream.asked("a.example.") == 1
    place.query("a.example", tcp=True)
    place.query("a.example", edns=0)
    assert upstream.asked("a.example.") == 1, "the same answer, whatever the way"


def test_a_denial_is_kept_too(place):
    upstream = Upstream(place, lambda query, _: denial_of(query))
    place.serve("--dns-upstream", upstream.at)
    for _ in range(5):
        reply = place.query("none.example")
        assert reply.rcode() == dns.rcode.NXDOMAIN and reply.authority[0].name.to_text() == "example."
    assert upstream.asked("none.example.") == 1


def test_types_are_kept_apart(place):
    upstream = Upstream(place, lambda query, _: reply_to(query))
    place.serve("--dns-upstream", upstream.at)
    for kind in ("A", "AAAA", "MX", "TXT", "HTTPS", "A"):
        assert status_of(place.query("a.example", kind)) == "NODATA"
    assert {seen.type for seen in upstream.seen} == {"A", "AAAA", "MX", "TXT", "HTTPS"}


def test_the_askers_spelling_goes_to_the_upstream_or_comes_back(place):
    upstream = Upstream(place, well)
    place.serve("--dns-upstream", upstream.at)
    reply = place.query("mIxEd.ExAmPlE.")
    assert reply.question[0].name.to_text() == "mIxEd.ExAmPlE."
    assert reply.answer[0].name.to_text().lower() == "mixed.example."
    reply = place.query("MIXED.example.")
    assert reply.question[0].name.to_text() == "MIXED.example." and values(reply) == ["192.0.2.1"]
    assert upstream.asked("mixed.example.") == 1


def test_what_was_cut_is_asked_for_again_by_tcp(place):
    addresses = [f"192.0.2.{i}" for i in range(200)]

    def answer(query, transport):
        reply = reply_to(query, *([("A", *addresses)] if transport == "tcp" else []))
        reply.flags |= dns.flags.TC if transport == "udp" else 0
        return reply

    upstream = Upstream(place, answer)
    place.serve("--dns-upstream", upstream.at)
    cut = place.query("big.example")
    assert cut.flags & dns.flags.TC and len(cut.to_wire()) <= 1232
    whole = place.query("big.example", tcp=True)
    assert sorted(values(whole)) == sorted(addresses)
    assert "tcp" in {seen.transport for seen in upstream.seen}


@pytest.mark.parametrize("bad", [dead, failing], ids=["silent", "failing"])
def test_the_next_one_is_asked_when_one_does_not_help(place, bad):
    first, second = Upstream(place, bad), Upstream(place, well, "127.0.0.54")
    place.serve("--dns-upstream", first.at, "--dns-upstream", second.at)
    # In random order, so among some names there is one for which the bad one is asked first.
    names = [f"n{i}.example" for i in range(12)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(place.query, names))
    assert all(values(reply) == ["192.0.2.1"] for reply in replies)
    assert any(seen.name.startswith("n") for seen in first.seen)


def test_an_upstream_that_is_gone_costs_nothing(place):
    second = Upstream(place, well, "127.0.0.54")
    place.serve("--dns-upstream", "127.0.0.99:5300", "--dns-upstream", second.at)
    started = time.monotonic()
    for i in range(10):
        assert values(place.query(f"n{i}.example")) == ["192.0.2.1"]
    assert time.monotonic() - started < 1.5, "the kernel says at once that nobody listens"


def test_an_old_answer_is_better_than_none(place):
    alive = [True]
    upstream = Upstream(place, lambda query, _: reply_to(query, ("A", "192.0.2.1"), ttl=0) if alive[0] else None)
    place.serve("--dns-upstream", upstream.at)
    assert values(place.query("a.example")) == ["192.0.2.1"]
    upstream.close()
    alive[0] = False
    deadline = time.monotonic() + 8  # What is kept at all is kept for 5 s at least.
    while not (stale := place.query("a.example", timeout=6)).options and time.monotonic() < deadline:
        assert values(stale) == ["192.0.2.1"]
        threading.Event().wait(0.2)
    assert values(stale) == ["192.0.2.1"]
    assert [option.code for option in stale.options] == [3], "RFC 8914: stale answer"


def test_a_stub_domain_has_servers_of_its_own(place):
    upstream = Upstream(place, lambda query, _: denial_of(query))
    corporate = Upstream(place, well, "127.0.0.54")
    place.serve("--dns-upstream", upstream.at, "--dns-stub-domain", f"corp.example={corporate.at}")
    for name in ("corp.example", "a.corp.example", "B.Corp.Example"):
        assert values(place.query(name)) == ["192.0.2.1"]
    for name in ("acorp.example", "example"):
        assert place.query(name).rcode() == dns.rcode.NXDOMAIN
    assert not any("corp.example." == seen.name[-13:].lower() and seen.name[:1] != "a" for seen in upstream.seen)
    assert {seen.name.lower() for seen in corporate.seen} == {"corp.example.", "a.corp.example.", "b.corp.example."}


def test_a_question_on_its_way_is_not_asked_twice(place):
    gate = Gate()
    upstream = Upstream(place, gate.answer)
    place.serve("--dns-upstream", upstream.at)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = [pool.submit(place.query, "a.example") for _ in range(20)]
        assert eventually(lambda: place.sum_of("coredns_cache_requests_total") >= 20)
        gate.opened.set()
        assert all(values(reply.result()) == ["192.0.2.1"] for reply in replies)
    assert upstream.asked("a.example.") == 1


def test_own_names_do_not_depend_on_upstreams(place):
    upstream = Upstream(place, dead)
    place.serve("--dns-upstream", upstream.at)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        lost = [pool.submit(place.query, f"n{i}.example", timeout=8) for i in range(50)]
        for _ in range(50):
            started = time.monotonic()
            assert place.addresses("kube-dns.kube-system.svc.cluster.local") == ["10.96.0.10"]
            assert time.monotonic() - started < 0.5
        assert {reply.result().rcode() for reply in lost} == {dns.rcode.SERVFAIL}
    assert not any("cluster.local" in seen.name for seen in upstream.seen)


def forged(query, name, address, id_change=0):
    """An answer as somebody sends it who does not know the question."""
    reply = reply_to(query, ("A", address))
    reply.id ^= id_change
    reply.question = [dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.A)]
    return reply


def test_answers_to_something_else_are_not_believed(place):
    def answer(query, _):
        name = query.question[0].name.to_text()
        return [forged(query, name, "203.0.113.66", 1), forged(query, "other.example.", "203.0.113.67"),
                forged(query, name.swapcase(), "203.0.113.68"), dns.message.make_query(name, "A"),
                reply_to(query, ("A", "192.0.2.1"))]

    upstream = Upstream(place, answer)
    place.serve("--dns-upstream", upstream.at)
    for i in range(5):
        assert values(place.query(f"n{i}.example")) == ["192.0.2.1"]


def test_a_resolv_conf_names_the_upstreams_but_never_ourselves(place):
    upstream = Upstream(place, well, "127.0.0.54", 53)
    path = place.directory / "resolv.conf"
    path.write_text("nameserver 169.254.20.10\nnameserver 127.0.0.1\nnameserver 127.0.0.54\n")
    process = place.logged_agent("--resolv-conf", str(path), "--dns-listen", "127.0.0.1")
    assert eventually(lambda: place.answers("127.0.0.1")), place.said()
    for i in range(10):
        assert values(place.query(f"n{i}.example")) == ["192.0.2.1"]
    assert len([seen for seen in upstream.seen if seen.name.startswith("n")]) == 10
    assert process.poll() is None


def test_without_upstreams_nothing_outside_is_known(place):
    place.serve()
    assert place.query("a.example").rcode() == dns.rcode.SERVFAIL

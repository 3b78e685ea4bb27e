"""Every row of the table of names and of the protocol, asked of the agent by three resolvers that are not ours."""
import collections
import contextlib
import re
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.reversename
import pytest

import shop
from nameplace import DNS4, DNS6, WAYS, endpoint, endpoint_slice, new_place, service, status_of, values
from place import eventually

Row = collections.namedtuple("Row", "name type status answers additional ours")


def expand(text):
    for short, long in (("@", "shop.svc.cluster.local."), ("%", "cluster.local."),
                        ("{web6}", dns.reversename.from_address("fd00:96::101").to_text()),
                        ("{peer6}", dns.reversename.from_address("fd00:1::10").to_text())):
        text = text.replace(short, long)
    return text


def row_of(line):
    name, kind, status, *data = expand(line).split(maxsplit=3)
    answers, _, additional = (data or [""])[0].partition("+")
    parts = [sorted(filter(None, map(str.strip, side.split(";")))) for side in (answers, additional)]
    return Row(name, kind, status.rstrip("*"), *parts, not status.endswith("*"))


ROWS = [row_of(line) for line in shop.ROWS.strip().splitlines()]


@pytest.fixture(scope="module")
def place():
    with contextlib.closing(new_place(dual=True)) as place:
        place.create(*shop.objects())
        place.upstream = shop.upstream(place)
        place.agent_process = place.serve("--dns-upstream", place.upstream.at, "--dns-park", "100ms")
        assert eventually(lambda: place.answers(DNS4) and place.answers(DNS6)), place.said()
        yield place


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.type}")
def test_row(place, row):
    for server, tcp in WAYS:
        reply = place.query(row.name, row.type, server=server, tcp=tcp)
        assert status_of(reply) == row.status, reply
        assert sorted(values(reply)) == row.answers, reply
        assert reply.question[0].name.to_text() == row.name, "in the case of the asker"
        if row.ours:
            check_own(reply, row)


def check_own(reply, row):
    flags = dns.flags.to_text(reply.flags).split()
    chased = any("example." in answer for answer in row.answers)
    assert "AA" in flags and "RD" in flags and "TC" not in flags and (chased or "RA" not in flags), flags
    assert sorted(record.to_text() for rrset in reply.additional for record in rrset) == row.additional, reply
    if row.status != "NOERROR":
        soa, = reply.authority
        assert soa.name.to_text() == "cluster.local." and soa[0].mname.to_text() == "ns.dns.cluster.local."
        assert soa.ttl == soa[0].minimum <= 5
    else:
        assert not reply.authority


def said_by_dig(place, rows, server, flags):
    """What dig prints for each row."""
    batch = place.directory / "dig"
    batch.write_text("".join(f"{row.name} {row.type}\n" for row in rows))
    shown = ["+noall", "+comments", "+answer", "+tries=1", "+timeout=5", *flags.split()]
    return place.run("dig", *shown, f"@{server}", "-f", str(batch)).split(";; Got answer:\n")[1:]


def said_by_drill(place, rows, server, flags):
    lines = [f"echo ==; drill {flags} '{row.name}' @{server} {row.type}; " for row in rows]
    return place.run("sh", "-c", "".join(lines) + "true").split("==\n")[1:]


def printed(text):
    """Status and data of the answers as dig and drill print them."""
    status = re.search(r"(?:status|rcode): (\w+)", text)
    answers = re.search(r"ANSWER SECTION:\n((?:[^;\n].*\n)*)", text)
    lines = answers[1].splitlines() if answers else []
    return status and status[1], sorted(re.sub(r"\s+", " ", line.split(None, 4)[4]) for line in lines)


@pytest.mark.parametrize("said_by,flags,server", [
    (said_by_dig, "", DNS4), (said_by_dig, "+tcp", DNS6), (said_by_drill, "", DNS6), (said_by_drill, "-t", DNS4)],
    ids=["dig", "dig-tcp", "drill", "drill-tcp"])
def test_rows_as_others_read_them(place, said_by, flags, server):
    rows = [row for row in ROWS if row.type != "HTTPS"]  # drill 1.8 does not know it.
    wrong = []
    for row, text in zip(rows, said_by(place, rows, server, flags), strict=True):
        expected = ("NOERROR" if row.status == "NODATA" else row.status, row.answers)
        if printed(text) != expected or "malformed" in text.lower():
            wrong.append((row.name, row.type, expected, text))
    assert wrong == []


# Names whose answers are more than a set.

def test_a_headless_srv_has_each_port_of_each_endpoint(place):
    reply = place.query("_peer._tcp.peers.shop.svc.cluster.local", "SRV")
    host = "{}.peers.shop.svc.cluster.local."
    ready = ["peers-0", "peers-1", "10-1-2-12", "fd00-1--0"]
    targets = {record.target.to_text() for record in reply.answer[0]}
    assert targets == {host.format(name) for name in ready}
    assert {record.port for record in reply.answer[0]} == {7000}
    assert {record.priority for record in reply.answer[0]} == {0}
    addresses = {(rrset.name.to_text(), record.to_text()) for rrset in reply.additional for record in rrset}
    assert (host.format("peers-1"), "10.1.2.20") in addresses and (host.format("peers-0"), "fd00:1::10") in addresses
    assert len(addresses) == 6


def test_the_weight_of_a_headless_srv_is_a_share_of_100(place):
    place.create(service("three"), endpoint_slice("three", *(endpoint(f"10.4.0.{i}", f"h{i}") for i in range(3))))
    assert eventually(lambda: len(values(place.query("three.shop.svc.cluster.local", "SRV"))) == 3)
    weights = {record.weight for record in place.query("three.shop.svc.cluster.local", "SRV").answer[0]}
    assert weights == {33}


def test_a_chain_goes_before_its_end(place):
    reply = place.query("thrice.shop.svc.cluster.local")
    assert [rrset.name.to_text().split(".")[0] for rrset in reply.answer] == ["thrice", "ext", "outside"]


def test_a_loop_of_external_names_ends(place):
    for server, tcp in WAYS:
        assert place.query("round.shop.svc.cluster.local", server=server, tcp=tcp).rcode() == dns.rcode.SERVFAIL


def test_the_version_may_be_remembered_for_hours(place):
    assert place.query("dns-version.cluster.local", "TXT").answer[0].ttl == 28800


def test_the_apex_has_a_soa(place):
    soa = place.query("cluster.local", "SOA").answer[0]
    assert soa[0].mname.to_text() == "ns.dns.cluster.local." and soa[0].rname.to_text() == "hostmaster.cluster.local."
    assert soa[0].serial > 1_700_000_000 and (soa[0].refresh, soa[0].retry, soa[0].expire) == (7200, 1800, 86400)
    assert soa.ttl <= 300


def test_endpoints_about_to_go_are_not_to_be_remembered(place):
    assert place.query("leaving.shop.svc.cluster.local").answer[0].ttl == 0
    assert place.query("l.leaving.shop.svc.cluster.local").answer[0].ttl == 0


def test_what_changed_just_now_is_not_remembered_for_long(place):
    assert place.query("web.shop.svc.cluster.local").answer[0].ttl == 5
    assert place.query("peers.shop.svc.cluster.local").answer[0].ttl == 1, "one of its endpoints is not ready"
    place.create(service("fresh", "10.96.1.99"))
    assert eventually(lambda: values(place.query("fresh.shop.svc.cluster.local")))
    assert place.query("fresh.shop.svc.cluster.local").answer[0].ttl == 1
    assert place.query("fresh.shop.svc.cluster.local", "AAAA").authority[0].ttl == 1
    assert place.query("nothing.shop.svc.cluster.local").authority[0].ttl == 5


def test_addresses_are_shuffled(place):
    seen = {tuple(values(place.query("twenty.shop.svc.cluster.local"))) for _ in range(20)}
    assert len(seen) > 10


# The protocol.

def test_another_class_is_refused(place):
    for server, tcp in WAYS:
        for name in ("version.bind", "web.shop.svc.cluster.local"):
            reply = place.query(name, "TXT", server=server, tcp=tcp, rdclass=dns.rdataclass.CH)
            assert reply.rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_transfers_are_refused(place, kind):
    for server, tcp in WAYS:
        query = dns.message.make_query("cluster.local", kind)
        with place.socket(socket.AF_INET6 if ":" in server else socket.AF_INET,
                          socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as via:
            via.connect((server, 53))
            via.sendall((struct.pack("!H", len(query.to_wire())) if tcp else b"") + query.to_wire())
            reply = via.recv(512)[2 if tcp else 0:]
        assert reply[3] & 15 == dns.rcode.REFUSED and reply[6:8] == b"\0\0"


def test_the_askers_spelling_is_echoed_in_owner_names(place):
    name = "wEb.ShOp.SvC.cLuStEr.LoCaL."
    for server, tcp in WAYS:
        reply = place.query(name, server=server, tcp=tcp)
        assert reply.question[0].name.to_text() == name and reply.answer[0].name.to_text() == name


def test_edns_is_answered_with_edns_and_only_then(place):
    assert place.query("web.shop.svc.cluster.local", edns=0).edns == -1
    reply = place.query("web.shop.svc.cluster.local", edns=4096)
    assert reply.edns == 0 and reply.payload == 1232 and not reply.options
    query = dns.message.make_query("web.shop.svc.cluster.local", "A")
    query.use_edns(0, options=[dns.edns.GenericOption(65001, b"what"), dns.edns.ECSOption("10.1.1.0", 24)])
    assert not place.exchange(query).options, "options that we do not know are not sent back"


def test_an_unknown_version_of_edns_is_told_so(place):
    for tcp in (False, True):
        query = dns.message.make_query("web.shop.svc.cluster.local", "A")
        query.use_edns(1)
        reply = place.exchange(query, tcp=tcp)
        assert reply.rcode() == dns.rcode.BADVERS and reply.edns == 0 and not reply.answer


def test_flags_of_the_query_that_are_copied(place):
    query = dns.message.make_query("web.shop.svc.cluster.local", "A", flags=dns.flags.CD | dns.flags.AD)
    flags = place.exchange(query).flags
    assert flags & dns.flags.CD and not flags & dns.flags.RD and not flags & dns.flags.AD


def test_an_unknown_opcode_is_not_implemented(place):
    query = dns.message.make_query("web.shop.svc.cluster.local", "A")
    query.set_opcode(dns.opcode.NOTIFY)
    assert place.exchange(query).rcode() == dns.rcode.NOTIMP


@pytest.mark.parametrize("edns,most", [(0, 512), (512, 512), (100, 512), (1232, 1232), (4096, 1232), (65535, 1232)])
def test_what_does_not_fit_is_cut_and_said_to_be(place, edns, most):
    for server in (DNS4, DNS6):
        query = dns.message.make_query("thousand.shop.svc.cluster.local", "A")
        query.use_edns(0 if edns else -1, payload=edns)
        with place.socket(socket.AF_INET6 if ":" in server else socket.AF_INET) as via:
            via.sendto(query.to_wire(), (server, 53))
            wire = via.recv(65535)
        reply = dns.message.from_wire(wire)
        assert reply.flags & dns.flags.TC
        assert most - 32 < len(wire) <= most, "as many as fit: not all resolvers ask again"


def test_what_fits_is_whole(place):
    reply = place.query("twenty.shop.svc.cluster.local", edns=0)
    assert len(values(reply)) == 20 and not reply.flags & dns.flags.TC


@pytest.mark.parametrize("server", [DNS4, DNS6])
def test_a_thousand_addresses_by_tcp(place, server):
    addresses = place.addresses("thousand.shop.svc.cluster.local", server=server, tcp=True)
    assert len(set(addresses)) == 1000
    assert len(place.addresses("many.shop.svc.cluster.local", server=server, tcp=True)) == 1000
    assert len(place.run("dig", "+short", f"@{server}", "thousand.shop.svc.cluster.local").split()) == 1000


def frames(name, ids):
    for i in ids:
        wire = dns.message.make_query(name.format(i), "A", id=i).to_wire()
        yield struct.pack("!H", len(wire)) + wire


def read_frame(stream):
    return dns.message.from_wire(stream.read(struct.unpack("!H", stream.read(2))[0]))


def test_queries_may_follow_each_other_on_one_connection(place):
    with place.socket(socket.AF_INET, socket.SOCK_STREAM) as via, via.makefile("rb") as stream:
        via.connect((DNS4, 53))
        whole = b"".join(frames("10-1-2-{}.shop.pod.cluster.local", range(200)))
        via.sendall(whole)
        replies = [read_frame(stream) for _ in range(200)]
        assert {(reply.id, values(reply)[0]) for reply in replies} == {(i, f"10.1.2.{i}") for i in range(200)}
        for at in range(60):  # And in pieces of a byte each.
            via.sendall(whole[at:at + 1])
        assert read_frame(stream).id == 0


def test_a_slow_answer_holds_up_no_other_on_its_connection(place):
    with place.socket(socket.AF_INET, socket.SOCK_STREAM) as via, via.makefile("rb") as stream:
        via.connect((DNS4, 53))
        # The first waits for a name that is expected.
        wires = [dns.message.make_query(name + ".shop.svc.cluster.local", "A", id=i).to_wire()
                 for i, name in enumerate(["u.unready", "web", "web"])]
        via.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        assert [read_frame(stream).id for _ in wires] == [1, 2, 0]


def test_who_has_said_all_is_still_answered(place):
    wire = dns.message.make_query("u.unready.shop.svc.cluster.local", "A").to_wire()
    with place.socket(socket.AF_INET, socket.SOCK_STREAM) as via, via.makefile("rb") as stream:
        via.connect((DNS4, 53))
        via.sendall(struct.pack("!H", len(wire)) + wire)
        via.shutdown(socket.SHUT_WR)
        assert read_frame(stream).rcode() == dns.rcode.NXDOMAIN


def test_before_the_cluster_is_known_nothing_is_denied():
    with contextlib.closing(new_place()) as place:
        place.create(service("web", "10.96.1.1"))
        place.api.kill()
        place.api.wait()
        place.logged_agent("--dns-listen", "127.0.0.1", "--cluster-dns", DNS4, "--dns-upstream", "none")
        assert eventually(lambda: place.status("/health") == 200), place.said()
        assert place.status("/ready") == 503
        assert not place.answers("127.0.0.1") or place.query("nothing.shop.svc.cluster.local").rcode() == 2


def test_nothing_was_reported(place):
    assert place.agent_process.poll() is None
    assert "error" not in place.said().lower(), place.said()

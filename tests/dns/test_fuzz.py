"""Messages that nobody should send, to the agent as it runs: it never falls, and whatever it says can be read."""
import random
import socket
import struct
import time

import dns.edns
import dns.exception
import dns.message
import dns.opcode
import dns.rcode

import shop
from nameplace import SHOP, pod, values
from place import eventually

SECONDS = 3
POD = "10.1.1.7"  # Its search list is walked, too.
NAMES = ["web", "_http._tcp.web", "peers", "peers-0.peers", "thousand", "twenty", "thrice", "round", "leaving",
         "unready", "10-1-2-12.peers", "literal"]
OTHERS = ["cluster.local.", "dns-version.cluster.local.", "generation.cluster.local.", "outside.example.", ".",
          "1.1.96.10.in-addr.arpa.", "1.0.0.127.in-addr.arpa.", "10-1-1-5.shop.pod.cluster.local.",
          "_tcp.svc.cluster.local."]
KINDS = ["A", "AAAA", "SRV", "PTR", "TXT", "SOA", "NS", "ANY", "CNAME", "AXFR", "TYPE65535", "OPT"]


def seeds():
    for name in [f"{name}.{SHOP}" for name in NAMES] + OTHERS:
        for kind in KINDS:
            query = dns.message.make_query(name, "A" if kind == "OPT" else kind)
            yield query.to_wire()
            query.use_edns(0, payload=4096, options=[dns.edns.GenericOption(10, b"cookie!!"),
                                                     dns.edns.GenericOption(12, bytes(20))])
            yield query.to_wire()


def flip(chance, wire):
    at = chance.randrange(len(wire))
    return wire[:at] + bytes([chance.randrange(256)]) + wire[at + 1:]


def cut(chance, wire):
    return wire[:chance.randrange(len(wire) + 1)]


def insert(chance, wire):
    at = chance.randrange(len(wire) + 1)
    return wire[:at] + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 40))) + wire[at:]


def point(chance, wire):
    """A compression pointer somewhere."""
    at = chance.randrange(12, max(13, len(wire) - 1))
    return wire[:at] + struct.pack("!H", 0xc000 | chance.randrange(64)) + wire[at + 2:]


def recount(chance, wire):
    """More or fewer records than there are."""
    at = 4 + 2 * chance.randrange(4)
    return wire[:at] + struct.pack("!H", chance.choice([0, 1, 2, 3, 255, 65535])) + wire[at + 2:]


def mutated(chance, wire):
    for _ in range(chance.randrange(4)):
        if len(wire) > 13:
            wire = chance.choice([flip, cut, insert, point, recount])(chance, wire)
    return wire


def parse(reply):
    """An answer whose opcode nobody has defined is an answer too, but dnspython reads none."""
    if (reply[2] >> 3) & 15 not in set(dns.opcode.Opcode):
        assert reply[3] & 15 == dns.rcode.NOTIMP
        reply = reply[:2] + bytes([reply[2] & 0x87]) + reply[3:]
    return dns.message.from_wire(reply, ignore_trailing=False)


def allowed(wire):
    """The most bytes that may answer a query by UDP."""
    try:
        query = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error):
        return 1232
    return 512 if query.edns < 0 else min(1232, max(512, query.payload))


def check(reply, sent):
    """An answer to what was sent under its id."""
    parsed = parse(reply)
    assert reply[:2] in sent, "answers have the id of a query"
    assert max(len(reply) <= allowed(wire) for wire in sent[reply[:2]]), (len(reply), sent[reply[:2]])
    return parsed.rcode()


def receive(via, sent, rcodes):
    while True:
        try:
            reply = via.recv(65535)
        except (BlockingIOError, TimeoutError):
            return
        rcode = check(reply, sent)
        rcodes[rcode] = rcodes.get(rcode, 0) + 1


def test_udp(place):
    process = prepared(place)
    chance, queries, rcodes, sent = random.Random(1), list(seeds()), {}, {}
    with place.socket(timeout=0) as via:
        via.bind((POD, 0))
        via.connect(("127.0.0.1", 53))
        until = time.monotonic() + SECONDS
        count = 0
        while time.monotonic() < until:
            wire = mutated(chance, chance.choice(queries))
            wire = struct.pack("!H", count & 0xffff) + wire[2:] if len(wire) > 2 else wire
            sent.setdefault(wire[:2], []).append(wire)
            via.send(wire)
            count += 1
            receive(via, sent, rcodes)
        via.settimeout(0.5)
        receive(via, sent, rcodes)
    unharmed(place, process)
    assert count > 1000 and rcodes.get(dns.rcode.FORMERR, 0) > 100 and rcodes.get(dns.rcode.NOERROR, 0) > 100, rcodes


def said_to(place, stream, end):
    """All that comes until the other side ends it or is silent."""
    data = b""
    with place.socket(socket.AF_INET, socket.SOCK_STREAM, 0.2) as via:
        via.connect(("127.0.0.1", 53))
        try:
            via.sendall(stream)
            if end:
                via.shutdown(socket.SHUT_WR)
            while piece := via.recv(65535):
                data += piece
        except OSError:
            pass  # It may end a connection that makes no sense.
    return data


def test_tcp(place):
    process = prepared(place)
    chance, queries = random.Random(2), list(seeds())
    until, answers = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        wires = [mutated(chance, chance.choice(queries)) for _ in range(chance.randrange(1, 20))]
        stream = b"".join(struct.pack("!H", len(wire)) + wire for wire in wires)
        stream = flip(chance, stream) if chance.random() < 0.3 else stream
        data = said_to(place, stream, chance.random() < 0.8)
        while len(data) > 2:
            size = struct.unpack("!H", data[:2])[0]
            if len(data) >= size + 2:
                parse(data[2:size + 2])
                answers += 1
            data = data[size + 2:]
    unharmed(place, process)
    assert answers > 100


def prepared(place):
    place.create(*shop.objects(), pod("client", POD))
    place.upstream = shop.upstream(place)
    process = place.serve("--dns-upstream", place.upstream.at, "--dns-park", "100ms")
    assert eventually(lambda: len(place.addresses("thousand.shop.svc.cluster.local", tcp=True)) == 1000)
    return process


def unharmed(place, process):
    assert process.poll() is None, place.said()
    assert values(place.query("web.shop.svc.cluster.local")) == ["10.96.1.1"]
    assert values(place.query("web.shop.svc.cluster.local", tcp=True)) == ["10.96.1.1"]

"""A name server outside of the cluster, written by a test."""
import collections
import socket
import struct
import threading

import dns.message
import dns.rcode
import dns.rrset

Seen = collections.namedtuple("Seen", "name type transport")


def reply_to(query, *records, rcode=dns.rcode.NOERROR, ttl=30):
    """`records`: (type, data...) of the name that was asked for, or (owner., type, data...)."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.set_rcode(rcode)
    for record in records:
        owner, kind, *data = record if record[0].endswith(".") else (query.question[0].name, *record)
        reply.answer.append(dns.rrset.from_text_list(owner, ttl, "IN", kind, data))
    return reply


def denial_of(query, ttl=30):
    reply = reply_to(query, rcode=dns.rcode.NXDOMAIN)
    soa = f"ns.example. mail.example. 1 7200 1800 86400 {ttl}"
    reply.authority.append(dns.rrset.from_text("example.", ttl, "IN", "SOA", soa))
    return reply


class Upstream:
    """Answers UDP and TCP at one address with what `answer(query, transport)` gives: a message or several, or None."""

    def __init__(self, place, answer, address="127.0.0.53", port=5300):
        self.answer = answer
        self.seen = []
        self.at = f"{address}:{port}"
        self.udp = place.socket(socket.AF_INET, socket.SOCK_DGRAM, None)
        self.tcp = place.socket(socket.AF_INET, socket.SOCK_STREAM, None)
        for made in (self.udp, self.tcp):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
        self.tcp.listen()
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def asked(self, name):
        """How often, without regard to case."""
        return len([seen for seen in list(self.seen) if seen.name.lower() == name.lower()])

    def take(self, wire, transport):
        query = dns.message.from_wire(wire)
        question = query.question[0]
        self.seen.append(Seen(question.name.to_text(), dns.rdatatype.to_text(question.rdtype), transport))
        replies = self.answer(query, transport)
        replies = replies if isinstance(replies, list) else [replies] if replies else []
        return [reply.to_wire(max_size=65535) for reply in replies]

    def serve_udp(self):
        while True:
            try:
                wire, client = self.udp.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return  # Closed.
            threading.Thread(target=self.serve_one, args=(wire, client), daemon=True).start()

    def serve_one(self, wire, client):
        for reply in self.take(wire, "udp"):
            self.udp.sendto(reply, client)

    def serve_tcp(self):
        while True:
            try:
                client, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_connection, args=(client,), daemon=True).start()

    def serve_connection(self, client):
        with client, client.makefile("rb") as stream:
            while head := stream.read(2):
                for reply in self.take(stream.read(struct.unpack("!H", head)[0]), "tcp"):
                    client.sendall(struct.pack("!H", len(reply)) + reply)

    def close(self):
        for made in (self.udp, self.tcp):
            try:
                made.shutdown(socket.SHUT_RDWR)  # Wakes its thread.
            except OSError:
                pass
            made.close()

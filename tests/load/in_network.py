"""Run in a network of its own: a name server and servers on the loopback, and a load that asks it. Prints one JSON object."""
import json
import socket
import subprocess
import sys
import threading

import dns.message
import dns.rrset

from apps import App, HITLESS, Load

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class NameServer:
    """At 127.0.0.1:53: `answers` gives the addresses of a name, each call anew."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, client = self.socket.recvfrom(4096)
            query = dns.message.from_wire(packet)
            question = query.question[0]
            self.asked.append((question.name.to_text(), dns.rdatatype.to_text(question.rdtype)))
            reply = dns.message.make_response(query)
            addresses = self.answers(question.name.to_text()) if question.rdtype == dns.rdatatype.A else []
            if addresses:
                reply.answer.append(dns.rrset.from_text(question.name, 5, "IN", "A", *addresses))
            self.socket.sendto(reply.to_wire(), client)


def load(*words):
    return Load(*words, "nameserver=127.0.0.1").result()


def story():
    out = {}
    current = {"web.test.": ["127.0.0.9"]}
    server = NameServer(lambda name: current.get(name, []))
    with App() as app:
        out["stale"] = load("grpc://web.test.:9", "rate=20", "count=20")
        current["web.test."] = ["127.0.0.1", "127.0.0.2"]
        out["round robin"] = load(f"grpc://web.test.:{app.port}", "lb=round_robin", "count=20")
        out["pick first"] = load(f"grpc://web.test.:{app.port}", "count=20")
        out["unknown"] = load(f"grpc://bew.test.:{app.port}", "count=1")
    with subprocess.Popen([HITLESS.with_name("hitless-testapp"), "--port", "8081"], stdout=subprocess.PIPE, text=True) as http:
        http.stdout.readline()
        server.asked.clear()
        out["http"] = load("http://web.test.:8081/", "resolve=dns", "new", "count=5")
        out["http asked"] = sum(kind == "A" for _, kind in server.asked)
        current["web.test."] = ["127.0.0.9"]
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        http.kill()
        out["http stale"] = load("http://web.test.:8081/", "resolve=dns", "new", "count=1")
    return out


json.dump(story(), sys.stdout)

"""Resolves and connects in a tight loop, as a client does that keeps no connection. Runs inside of the namespace.

    prober.py SERVER PAUSE NAME...

Between an answer and connect() it waits PAUSE seconds. At SIGTERM it prints how often it did what, and every connection
that failed right after its address had been given, as JSON.
"""
import json
import random
import signal
import socket
import struct
import sys
import time

PORT = 80
TIMEOUT = 0.5
# Whoever was not scheduled for so long after an answer proves nothing.
LATE = 0.2


def query_of(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 0, 0x100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 1, 1)


def addresses_of(reply, question):
    """Of the A records of an answer whose owners are pointers."""
    count, at = struct.unpack("!H", reply[6:8])[0], question
    found = []
    for _ in range(count):
        kind, _, _, size = struct.unpack("!HHIH", reply[at + 2:at + 12])
        if kind == 1:
            found.append(socket.inet_ntoa(reply[at + 12:at + 16]))
        at += 12 + size
    return found


class Prober:
    def __init__(self, server, pause, names):
        self.pause = pause
        self.queries = [(name, query_of(name)) for name in names]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(TIMEOUT)
        self.udp.connect((server, 53))
        self.told = {"queries": 0, "negative": 0, "connected": 0, "late": 0, "lost": 0, "failures": []}
        self.running = True

    def resolve(self, query):
        query = struct.pack("!H", random.getrandbits(16)) + query[2:]
        self.udp.send(query)
        self.told["queries"] += 1
        while True:
            reply = self.udp.recv(512)
            if reply[:2] == query[:2]:
                return addresses_of(reply, len(query))

    def connect(self, address):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.settimeout(TIMEOUT)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            tcp.connect((address, PORT))

    def attempt(self, name, query):
        try:
            found = self.resolve(query)
        except TimeoutError:
            self.told["lost"] += 1
            return
        if not found:
            self.told["negative"] += 1
            return
        answered = time.monotonic()
        if self.pause:
            time.sleep(self.pause)
        begun = time.monotonic()
        try:
            self.connect(found[0])
            self.told["connected"] += 1
        except OSError as error:
            if begun - answered > self.pause + LATE:
                self.told["late"] += 1
            else:
                self.told["failures"].append([name, found[0], str(error), time.time()])

    def run(self):
        while self.running:
            for name, query in self.queries:
                self.attempt(name, query)

    def stop(self, *_):
        self.running = False


def main():
    server, pause, *names = sys.argv[1:]
    prober = Prober(server, float(pause), names)
    signal.signal(signal.SIGTERM, prober.stop)
    print("ready", flush=True)
    prober.run()
    print(json.dumps(prober.told))


if __name__ == "__main__":
    main()

"""A name is never there without its rules: seen by clients that resolve and connect while Services come and go."""
import json
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time

import pytest

from nameplace import DNS4, endpoint, endpoint_slice, service
from place import eventually

PROBER = str(pathlib.Path(__file__).with_name("prober.py"))
BACKENDS = ["10.1.1.5", "10.1.1.6", "10.1.1.8"]
CHANGES = 1000
SERVICES = 12
LINGER = 0.4


def accept(listener):
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


@pytest.fixture
def cluster(place):
    """Backends, and a table that refuses at once what no rule of the agent translated."""
    for address in BACKENDS:
        listener = place.socket(socket.AF_INET, socket.SOCK_STREAM, None)
        listener.bind((address, 8080))
        listener.listen(512)
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
    place.nft("add table inet untranslated; add chain inet untranslated out { type filter hook output priority 50; };"
              "add rule inet untranslated out ip daddr 10.96.0.0/16 tcp dport 80 counter reject with tcp reset")
    return place


class Churn:
    """Services of which each is there or not, with at least one endpoint while it is. `patient`: not before a deleted
    Service is forgotten its slices are deleted and its name is used again."""

    def __init__(self, place, patient=False, seed=7):
        self.place = place
        self.patient = patient
        self.random = random.Random(seed)
        self.changes = 0
        self.incarnations = 0
        self.there = {f"s{i}": None for i in range(SERVICES)}
        self.resting = {}  # Name -> until when, and what is left of it.

    def names(self):
        return [name_of(service) for service in self.there]

    def endpoints(self):
        return [endpoint(address) for address in self.random.sample(BACKENDS, self.random.randint(1, 3))]

    def make(self, name):
        self.incarnations += 1
        ip = f"10.96.{10 + self.incarnations // 250}.{1 + self.incarnations % 250}"
        made = endpoint_slice(name, *self.endpoints())
        # A Service without endpoints has a name and refuses, as it should; and nobody orders what is watched apart.
        revision = int(self.place.create(made)["metadata"]["resourceVersion"])
        assert eventually(lambda: self.place.published() >= revision)
        self.place.create(service(name, ip))
        self.there[name] = made
        self.changes += 2

    def wake(self):
        """Forgets those that have rested enough."""
        for name, (until, made) in list(self.resting.items()):
            if time.monotonic() > until:
                self.place.delete(made)
                del self.resting[name]

    def remove(self, name):
        self.place.delete(service(name, "10.96.1.1"))
        assert eventually(lambda: not self.place.addresses(name_of(name)))
        if self.patient:
            self.resting[name] = time.monotonic() + LINGER, self.there[name]
        else:
            self.place.delete(self.there[name])  # As the garbage collector does.
        self.there[name] = None
        self.changes += 2

    def step(self):
        self.wake()
        name = self.random.choice([name for name in self.there if name not in self.resting])
        if self.there[name] is None:
            self.make(name)
        elif self.random.random() < 0.3 and len(self.resting) < SERVICES // 2:
            self.remove(name)
        else:
            self.place.patch(self.there[name], {"endpoints": self.endpoints()})
            self.changes += 1


def name_of(service):
    return f"{service}.shop.svc.cluster.local"


def start_prober(place, pause, names):
    process = subprocess.Popen(place.enter + [sys.executable, PROBER, DNS4, str(pause), *names], text=True,
                               stdout=subprocess.PIPE)
    place.processes.append(process)
    assert process.stdout.readline() == "ready\n"
    return process


def told_by(process):
    process.terminate()
    return json.loads(process.communicate(timeout=20)[0])


def connects(place, address):
    with place.socket(socket.AF_INET, socket.SOCK_STREAM, 1) as via:
        try:
            via.connect((address, 80))
        except OSError:
            return False
    return True


@pytest.fixture
def deleted(cluster):
    """A Service that was there a moment ago, and its slice that still is."""
    cluster.serve("--dns-linger", "20s")
    cluster.slice = endpoint_slice("web", endpoint(BACKENDS[0]))
    cluster.create(cluster.slice, service("web", "10.96.1.1"))
    assert eventually(lambda: cluster.addresses(name_of("web")) and connects(cluster, "10.96.1.1"))
    cluster.delete(service("web", "10.96.1.1"))
    assert eventually(lambda: not cluster.addresses(name_of("web")))
    assert connects(cluster, "10.96.1.1")
    return cluster


def test_the_slices_that_go_with_a_service_are_not_missed(deleted):
    deleted.delete(deleted.slice)
    settled(deleted)
    assert connects(deleted, "10.96.1.1")


def test_the_former_address_of_a_service_made_anew_stays_too(deleted):
    deleted.create(service("web", "10.96.1.2"))
    assert eventually(lambda: deleted.addresses(name_of("web")) == ["10.96.1.2"])
    assert connects(deleted, "10.96.1.2") and connects(deleted, "10.96.1.1")


def settled(place):
    """Waits until all changes up to now are in the rules."""
    revision = int(place.create(endpoint_slice("other", endpoint(BACKENDS[0])))["metadata"]["resourceVersion"])
    assert eventually(lambda: place.published() >= revision)


@pytest.mark.parametrize("patient", [True, False], ids=["patient", "as a cluster does"])
def test_what_resolves_can_be_connected_to(cluster, patient):
    process = cluster.serve("--dns-linger", f"{LINGER}s")
    assert eventually(lambda: cluster.answers(DNS4))
    churn = Churn(cluster, patient)
    # One that connects at once, and one that takes its time.
    probers = [start_prober(cluster, pause, churn.names()) for pause in (0, 0.02)]
    while churn.changes < CHANGES:
        churn.step()
    for name in [name for name, made in churn.there.items() if made is not None]:
        assert eventually(lambda: cluster.addresses(name_of(name)))
    results = [told_by(prober) for prober in probers]
    assert [result["failures"] for result in results] == [[], []]
    assert results[0]["connected"] > 300 and results[0]["negative"] > 20 and results[1]["connected"] > 30, results
    assert sum(result["late"] + result["lost"] for result in results) < 10, results
    assert process.poll() is None


def test_without_the_order_clients_would_see_it(cluster):
    """The judge above can judge: with rules that go together with their name, a client that takes its time fails."""
    cluster.serve("--dns-linger", "0s")
    assert eventually(lambda: cluster.answers(DNS4))
    churn = Churn(cluster)
    name = name_of("s0")
    prober = start_prober(cluster, 0.02, [name])
    for _ in range(10):
        churn.make("s0")
        assert eventually(lambda: cluster.addresses(name))
        churn.remove("s0")
        assert eventually(lambda: not cluster.addresses(name))
    assert told_by(prober)["failures"]

"""A query for a name that is about to come back waits for it, within bounds."""
import concurrent.futures
import time

import dns.rcode
import pytest

from nameplace import endpoint, endpoint_slice, service, values
from place import eventually

NAME = "db-0.db.shop.svc.cluster.local"
WAIT = 0.5  # For an answer that comes at once, if it does.


@pytest.fixture
def database(place):
    """A headless Service whose one pod has a name, and the agent; place.slice is to be changed."""
    place.slice = endpoint_slice("db", endpoint("10.1.1.5", "db-0"))
    place.create(service("db"), place.slice)
    place.pool = concurrent.futures.ThreadPoolExecutor(64)
    yield place
    place.pool.shutdown()


def serve(place, *arguments):
    place.serve(*arguments)
    assert eventually(lambda: place.addresses(NAME) == ["10.1.1.5"])


def away(place):
    """The pod ends, as a StatefulSet's does in a rolling update."""
    place.patch(place.slice, {"endpoints": []})
    assert eventually(lambda: gone(place))


def gone(place):
    return not values(place.query("db.shop.svc.cluster.local", "SRV"))  # What is asked for SRV never waits.


def back(place, address="10.1.1.6"):
    place.patch(place.slice, {"endpoints": [endpoint(address, "db-0")]})


def timed(place, *arguments, **options):
    started = time.monotonic()
    reply = place.query(*arguments, **options)
    return reply, started, time.monotonic()


@pytest.mark.parametrize("name,tcp", [(NAME, False), (NAME, True), ("db.shop.svc.cluster.local", False)])
def test_the_answer_comes_the_moment_the_pod_is_there(database, name, tcp):
    serve(database)
    away(database)
    waiting = database.pool.submit(timed, database, name, tcp=tcp)
    with pytest.raises(concurrent.futures.TimeoutError):
        waiting.result(0.3)
    changed = time.monotonic()
    back(database)
    reply, _, answered = waiting.result()
    assert values(reply) == ["10.1.1.6"]
    assert answered - changed < 0.5
    assert reply.answer[0].ttl <= 1, "it changed just now"


def test_a_pod_that_is_not_ready_yet_is_waited_for(database):
    serve(database)
    database.patch(database.slice, {"endpoints": [endpoint("10.1.1.6", "db-0", ready=False)]})
    assert eventually(lambda: gone(database))
    waiting = database.pool.submit(timed, database, NAME)
    with pytest.raises(concurrent.futures.TimeoutError):
        waiting.result(0.3)
    back(database)
    assert values(waiting.result()[0]) == ["10.1.1.6"]


def test_who_waited_in_vain_is_told_in_time(database):
    serve(database, "--dns-park", "700ms")
    away(database)
    reply, started, answered = timed(database, NAME)
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert 0.65 < answered - started < 1.5
    assert reply.authority[0].ttl <= 1 and reply.authority[0][0].minimum <= 1


def test_names_that_nobody_expects_do_not_wait(database):
    serve(database)
    away(database)
    for name in ("db-7.db", "nothing", "10-9-9-9.db"):
        reply, started, answered = timed(database, name + ".shop.svc.cluster.local")
        assert reply.rcode() == dns.rcode.NXDOMAIN and answered - started < 0.5


def test_others_are_answered_meanwhile(database):
    serve(database)
    away(database)
    waiting = [database.pool.submit(database.query, NAME) for _ in range(10)]
    for _ in range(20):
        assert database.addresses("kube-dns.kube-system.svc.cluster.local") == ["10.96.0.10"]
    assert not any(query.done() for query in waiting)
    back(database)
    assert all(values(query.result()) == ["10.1.1.6"] for query in waiting)


def test_a_deleted_service_is_not_waited_for(database):
    serve(database)
    away(database)
    waiting = database.pool.submit(timed, database, NAME)
    with pytest.raises(concurrent.futures.TimeoutError):
        waiting.result(0.2)
    changed = time.monotonic()
    database.delete(service("db"))
    reply, _, answered = waiting.result()
    assert reply.rcode() == dns.rcode.NXDOMAIN and answered - changed < 0.5


def flood(place, sources, each):
    """Queries that are sent and not waited for; their sockets."""
    query = dns.message.make_query(NAME, "A").to_wire()
    sockets = []
    for source in sources:
        via = place.socket(timeout=WAIT)
        via.bind((source, 0))
        via.connect(("127.0.0.1", 53))
        for _ in range(each):
            via.send(query)
        sockets.append(via)
    return sockets


def receives(via, count):
    """Whether so many answers come, and no more of those that are there."""
    try:
        for _ in range(count):
            via.recv(512)
    except TimeoutError:
        return False
    via.setblocking(False)
    try:
        return not via.recv(512)
    except BlockingIOError:
        return True
    finally:
        via.settimeout(WAIT)


def test_one_client_holds_a_few_places_only(database):
    serve(database, "--dns-park", "3s")
    away(database)
    greedy, = flood(database, ["127.0.0.2"], 50)
    assert receives(greedy, 50 - 32)
    modest, = flood(database, ["127.0.0.3"], 1)
    assert not receives(modest, 1), "others may still wait"
    back(database)
    assert receives(greedy, 32) and receives(modest, 1)


def test_all_clients_together_hold_so_many_places(database):
    serve(database, "--dns-park", "4s")
    away(database)
    everyone = flood(database, [f"127.0.1.{i}" for i in range(1, 33)], 32)
    late, = flood(database, ["127.0.0.2"], 1)
    assert receives(late, 1)
    assert all(receives(via, 0) for via in everyone)
    back(database)
    assert all(receives(via, 32) for via in everyone)


def test_it_can_be_switched_off(database):
    serve(database, "--dns-park", "0s")
    away(database)
    reply, started, answered = timed(database, NAME)
    assert reply.rcode() == dns.rcode.NXDOMAIN and answered - started < 0.5

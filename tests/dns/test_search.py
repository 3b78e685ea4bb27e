"""What C libraries make of short names, and how many questions it takes them."""
import contextlib
import shutil
import subprocess

import pytest

import shop
from nameplace import DNS4, new_place, pod, status_of, values
from place import ROOT, eventually

SEARCH = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "node.example"]
POD, HOST_POD, STRANGER = "10.1.1.7", "10.1.1.8", "10.1.1.9"
NAMES = {"web": {"10.96.1.1", "fd00:96::101"}, "web.shop": {"10.96.1.1", "fd00:96::101"},
         "web.shop.svc": {"10.96.1.1", "fd00:96::101"}, "web.shop.svc.cluster.local": {"10.96.1.1", "fd00:96::101"},
         "peers-0.peers": {"10.1.2.10", "fd00:1::10"}, "plain": {"10.96.1.2"}, "six": {"fd00:96::106"},
         "kube-dns.kube-system": {"10.96.0.10", "fd00:96::a"}, "ext": {"192.0.2.80", "2001:db8::80"},
         "outside.example": {"192.0.2.80", "2001:db8::80"}, "outside.example.": {"192.0.2.80", "2001:db8::80"},
         "nothing": None, "nothing.example": None}


@pytest.fixture(scope="module")
def place():
    with contextlib.closing(new_place(dual=True)) as place:
        place.create(*shop.objects())
        place.create(pod("client", POD), pod("host", HOST_POD, hostNetwork=True))
        place.upstream = shop.upstream(place)
        resolv_conf = place.directory / "node-resolv.conf"
        resolv_conf.write_text("search node.example\n")
        place.serve("--dns-upstream", place.upstream.at, "--resolv-conf", str(resolv_conf))
        assert eventually(lambda: place.answers(DNS4)), place.said()
        assert eventually(lambda: values(place.query("web.shop.svc.cluster.local"))), place.said()
        yield place


def resolv_conf(place):
    path = place.directory / "pod-resolv.conf"
    path.write_text(f"nameserver {DNS4}\nsearch {' '.join(SEARCH)}\noptions ndots:5 timeout:3\n")
    return str(path)


def as_pod(place, source, *command):
    """Runs a command with a pod's resolv.conf, and a pod's address where that is possible."""
    route = f"ip route replace {DNS4} via 10.1.1.254 src {source}"
    script = f"{route}; mount --bind {resolv_conf(place)} /etc/resolv.conf && exec \"$@\""
    return subprocess.run(place.enter + ["unshare", "-m", "sh", "-ec", script, "sh", *command], text=True,
                          capture_output=True, timeout=60).stdout


@pytest.fixture(scope="module", params=["glibc", "musl"])
def program(request, place):
    """Resolves its arguments by one C library."""
    compiler = shutil.which({"glibc": "cc", "musl": "musl-gcc"}[request.param])
    if compiler is None:
        pytest.skip(f"no compiler for {request.param}")
    path = str(place.directory / request.param)
    subprocess.run([compiler, "-static" if request.param == "musl" else "-O1", "-o", path,
                    str(ROOT / "tests/dns/walk.c")], check=True)
    return path


@pytest.mark.parametrize("source", [POD, STRANGER], ids=["pod", "stranger"])
def test_names_as_a_c_library_finds_them(place, program, source):
    lines = as_pod(place, source, program, *NAMES).splitlines()
    assert len(lines) == len(NAMES)
    for line in lines:
        name, *found = line.split()
        if NAMES[name] is None:
            assert not any(word[0].isdigit() for word in found), line
        else:
            assert set(found) == NAMES[name], line


def test_names_as_nsswitch_finds_them(place):
    text = as_pod(place, POD, "getent", "ahosts", "web")
    assert {line.split()[0] for line in text.splitlines()} == NAMES["web"]


def questions(place):
    return place.sum_of("coredns_dns_requests_total")


def count_of(place, program, source, name):
    before = questions(place)
    as_pod(place, source, program, name)
    return questions(place) - before


def test_an_external_name_takes_a_pod_one_round(place, program):
    # A and AAAA.
    assert count_of(place, program, POD, "outside.example") == 2
    assert count_of(place, program, POD, "web.shop") == 2
    walked = 2 * (len(SEARCH) + 1)
    assert count_of(place, program, STRANGER, "outside.example") == walked


# The walk as such, question by question.

def walk(place, name, source, kind="A"):
    """The search list as a resolver walks it: to the first name that exists. Gives the names and the last reply."""
    asked = []
    for candidate in [f"{name}.{suffix}." for suffix in SEARCH] + [name + "."]:
        reply = place.query(candidate, kind, server=DNS4, source=source)
        asked.append(candidate)
        if status_of(reply) == "NOERROR":  # glibc and musl go on after NODATA too, but remember it.
            break
    return asked, reply


def test_the_walk_ends_with_the_first_question(place):
    before = place.sum_of("coredns_autopath_success_total")
    asked, reply = walk(place, "outside.example", POD)
    assert len(asked) == 1 and values(reply) == ["outside.example.", "192.0.2.80"]
    assert reply.answer[0].name.to_text() == "outside.example.shop.svc.cluster.local."
    asked, reply = walk(place, "kube-dns.kube-system", POD)
    assert len(asked) == 1 and values(reply) == ["kube-dns.kube-system.svc.cluster.local.", DNS4]
    assert place.sum_of("coredns_autopath_success_total") == before + 2


@pytest.mark.parametrize("source", [HOST_POD, STRANGER], ids=["host network", "unknown"])
def test_who_has_no_search_list_walks_alone(place, source):
    asked, reply = walk(place, "outside.example", source)
    assert len(asked) == 5 and values(reply) == ["192.0.2.80"]


def test_what_is_nowhere_is_nowhere(place):
    asked, reply = walk(place, "nothing.example", POD)
    assert len(asked) == 5 and status_of(reply) == "NXDOMAIN"
    reply = place.query("nothing.shop.svc.cluster.local", server=DNS4, source=POD)
    assert status_of(reply) == "NXDOMAIN" and reply.authority[0].name.to_text() == "cluster.local."


def test_a_name_without_the_type_ends_the_walk_as_it_would(place):
    # plain has no AAAA; going on would find somebody else's name.
    reply = place.query("plain.shop.svc.cluster.local", "AAAA", server=DNS4, source=POD)
    assert status_of(reply) == "NODATA"


def test_only_the_first_of_the_list_is_walked(place):
    before = len(place.upstream.seen)
    reply = place.query("outside.example.svc.cluster.local", server=DNS4, source=POD)
    assert status_of(reply) == "NXDOMAIN" and len(place.upstream.seen) == before


def test_a_pod_that_has_gone_is_forgotten(place):
    other = pod("short", "10.1.1.6")
    name = "outside.example.shop.svc.cluster.local"
    place.create(other)
    assert eventually(lambda: place.query(name, source="10.1.1.6", server=DNS4).rcode() == 0)
    place.delete(other)
    assert eventually(lambda: place.query(name, source="10.1.1.6", server=DNS4).rcode() == 3)


def test_it_can_be_switched_off():
    with contextlib.closing(new_place()) as place:
        upstream = shop.upstream(place)
        place.create(pod("client", POD))
        place.serve("--dns-upstream", upstream.at, "--no-dns-search")
        reply = place.query("outside.example.shop.svc.cluster.local", source=POD)
        assert status_of(reply) == "NXDOMAIN"

"""A cluster with one of everything that has a name, and what each name answers."""
import dns.rcode

from nameplace import endpoint, endpoint_slice, external, port, service
from upstream import Upstream, denial_of, reply_to

HTTP, METRICS, PEER = port(80, "http"), port(9090, "metrics"), port(7000, "peer")
OUTSIDE = {"outside.example.": {"A": ["192.0.2.80"], "AAAA": ["2001:db8::80"]},
           "9.2.0.192.in-addr.arpa.": {"PTR": ["outside.example."]}}


def objects():
    yield from cluster_ips()
    yield from headless()
    yield from externals()


def cluster_ips():
    yield service("web", "10.96.1.1", "fd00:96::101", ports=(HTTP, METRICS))
    yield endpoint_slice("web", endpoint("10.1.1.5"), endpoint("10.1.1.6", "first"), ports=(port(8080, "http"),))
    yield endpoint_slice("web", endpoint("fd00:1::5"), ports=(port(8080, "http"),))
    yield service("plain", "10.96.1.2", ports=(port(80),))
    yield service("six", "fd00:96::106")
    yield service("idle", "10.96.1.3")


def headless():
    yield service("peers", ports=(PEER,))
    yield endpoint_slice("peers", endpoint("10.1.2.10", "peers-0"), endpoint("10.1.2.11", "peers-1"),
                         endpoint("10.1.2.20", "peers-1"), endpoint("10.1.2.12"),
                         endpoint("10.1.2.13", "peers-3", ready=False), ports=(PEER,))
    # An endpoint may be in two slices for a moment: once is enough.
    yield endpoint_slice("peers", endpoint("10.1.2.10", "peers-0"), ports=(PEER,))
    yield endpoint_slice("peers", endpoint("fd00:1::10", "peers-0"), endpoint("fd00:1::"), ports=(PEER,))
    yield service("twin")
    yield endpoint_slice("twin", endpoint("10.1.2.10", "other"))
    yield service("portless", ports=())
    yield endpoint_slice("portless", endpoint("10.1.2.14", "p"), ports=())
    yield service("empty")
    yield service("unready")
    yield endpoint_slice("unready", endpoint("10.1.2.30", "u", ready=False, serving=False, terminating=False))
    yield service("published", publishNotReadyAddresses=True)
    yield endpoint_slice("published", endpoint("10.1.2.31", "b", ready=True, serving=False, terminating=False))
    yield service("leaving")
    yield endpoint_slice("leaving", endpoint("10.1.2.32", "l", ready=False, serving=True, terminating=True),
                         endpoint("10.1.2.33", "gone", ready=False, serving=False, terminating=True))
    yield service("twenty")
    yield endpoint_slice("twenty", *(endpoint(f"10.2.0.{i}") for i in range(20)))
    yield service("thousand")
    yield endpoint_slice("thousand", *(endpoint(f"10.3.{i // 250}.{i % 250}") for i in range(1000)))


def externals():
    yield external("ext", "outside.example")
    yield external("inside", "web.shop.svc.cluster.local")
    yield external("twice", "inside.shop.svc.cluster.local")
    yield external("thrice", "ext.shop.svc.cluster.local")
    yield external("round", "about.shop.svc.cluster.local")
    yield external("about", "round.shop.svc.cluster.local")
    yield external("dangling", "nothing.shop.svc.cluster.local")
    yield external("missing", "missing.example")
    yield external("literal", "192.0.2.1")
    yield external("many", "thousand.shop.svc.cluster.local")


def upstream(place):
    def answer(query, _):
        question = query.question[0]
        known = OUTSIDE.get(question.name.to_text().lower())
        if known is None:
            return denial_of(query)
        kind = dns.rdatatype.to_text(question.rdtype)
        return reply_to(query, *([(kind, *known[kind])] if kind in known else []), rcode=dns.rcode.NOERROR)

    return Upstream(place, answer)


# Name, type, code, the data of the answers in any order; then, after a "+", of the additional section. In names, @ is
# shop.svc.cluster.local. and % the cluster's zone. NODATA and NXDOMAIN bring the zone's SOA.
ROWS = """
web.@                          A      NOERROR   10.96.1.1
web.@                          AAAA   NOERROR   fd00:96::101
web.@                          SRV    NOERROR   0 50 80 web.@; 0 50 9090 web.@ + 10.96.1.1; fd00:96::101
web.@                          MX     NODATA
web.@                          TXT    NODATA
web.@                          ANY    NODATA
web.@                          HTTPS  NODATA
web.@                          CNAME  NODATA
WEB.Shop.sVc.cluster.LOCAL.    A      NOERROR   10.96.1.1
plain.@                        A      NOERROR   10.96.1.2
plain.@                        AAAA   NODATA
plain.@                        SRV    NOERROR   0 100 80 plain.@ + 10.96.1.2
six.@                          A      NODATA
six.@                          AAAA   NOERROR   fd00:96::106
idle.@                         A      NOERROR   10.96.1.3
nothing.@                      A      NXDOMAIN
nothing.@                      MX     NXDOMAIN
_http._tcp.web.@               SRV    NOERROR   0 100 80 web.@ + 10.96.1.1; fd00:96::101
_metrics._tcp.web.@            SRV    NOERROR   0 100 9090 web.@ + 10.96.1.1; fd00:96::101
http.tcp.web.@                 SRV    NOERROR   0 100 80 web.@ + 10.96.1.1; fd00:96::101
_http._tcp.web.@               A      NOERROR   10.96.1.1
_http._tcp.web.@               AAAA   NOERROR   fd00:96::101
_http._udp.web.@               SRV    NXDOMAIN
_nope._tcp.web.@               SRV    NXDOMAIN
_nope._tcp.web.@               A      NXDOMAIN
_tcp.web.@                     A      NODATA
_udp.web.@                     A      NXDOMAIN
a.b.c.web.@                    A      NXDOMAIN
10-1-1-5.web.@                 A      NOERROR   10.1.1.5
fd00-1--5.web.@                AAAA   NOERROR   fd00:1::5
first.web.@                    A      NOERROR   10.1.1.6
10-1-1-9.web.@                 A      NXDOMAIN
peers.@                        A      NOERROR   10.1.2.10; 10.1.2.11; 10.1.2.20; 10.1.2.12
peers.@                        AAAA   NOERROR   fd00:1::10; fd00:1::
peers-0.peers.@                A      NOERROR   10.1.2.10
peers-0.peers.@                AAAA   NOERROR   fd00:1::10
peers-1.peers.@                A      NOERROR   10.1.2.11; 10.1.2.20
peers-1.peers.@                AAAA   NODATA
10-1-2-12.peers.@              A      NOERROR   10.1.2.12
fd00-1--0.peers.@              AAAA   NOERROR   fd00:1::
_peer._tcp.peers.@             A      NOERROR   10.1.2.10; 10.1.2.11; 10.1.2.20; 10.1.2.12
_other._tcp.peers.@            SRV    NXDOMAIN
twin.@                         SRV    NOERROR   0 100 8080 other.twin.@ + 10.1.2.10
portless.@                     A      NOERROR   10.1.2.14
p.portless.@                   A      NOERROR   10.1.2.14
portless.@                     SRV    NODATA
empty.@                        A      NXDOMAIN
empty.@                        SRV    NXDOMAIN
published.@                    A      NOERROR   10.1.2.31
b.published.@                  A      NOERROR   10.1.2.31
leaving.@                      A      NOERROR   10.1.2.32
l.leaving.@                    A      NOERROR   10.1.2.32
unready.@                      A      NXDOMAIN
u.unready.@                    A      NXDOMAIN
1.1.96.10.in-addr.arpa.        PTR    NOERROR   web.@
11.2.1.10.in-addr.arpa.        PTR    NOERROR   peers-1.peers.@
12.2.1.10.in-addr.arpa.        PTR    NOERROR   10-1-2-12.peers.@
10.2.1.10.in-addr.arpa.        PTR    NOERROR   peers-0.peers.@; other.twin.@
13.2.1.10.in-addr.arpa.        PTR    NXDOMAIN*
9.2.0.192.in-addr.arpa.        PTR    NOERROR*  outside.example.
{web6}                         PTR    NOERROR   web.@
{peer6}                        PTR    NOERROR   peers-0.peers.@
ext.@                          A      NOERROR   outside.example.; 192.0.2.80
ext.@                          AAAA   NOERROR   outside.example.; 2001:db8::80
ext.@                          CNAME  NOERROR   outside.example.
ext.@                          TXT    NOERROR   outside.example.
inside.@                       A      NOERROR   web.@; 10.96.1.1
twice.@                        AAAA   NOERROR   inside.@; web.@; fd00:96::101
thrice.@                       A      NOERROR   ext.@; outside.example.; 192.0.2.80
dangling.@                     A      NXDOMAIN  nothing.@
missing.@                      A      NXDOMAIN* missing.example.
literal.@                      A      NODATA
_http._tcp.ext.@               SRV    NXDOMAIN
a.ext.@                        A      NXDOMAIN
dns-version.%                  TXT    NOERROR   "1.1.0"
dns-version.%                  A      NODATA
generation.%                   A      NODATA
10-1-1-5.shop.pod.%            A      NOERROR   10.1.1.5
10-1-1-5.shop.pod.%            AAAA   NODATA
fd00-1--5.shop.pod.%           AAAA   NOERROR   fd00:1::5
10-1-1-5.nowhere.pod.%         A      NXDOMAIN
nonsense.shop.pod.%            A      NXDOMAIN
%                              A      NODATA
%                              NS     NOERROR   ns.dns.% + 10.96.0.10; fd00:96::a; 169.254.20.10
ns.dns.%                       A      NOERROR   10.96.0.10; 169.254.20.10
ns.dns.%                       AAAA   NOERROR   fd00:96::a
dns.%                          A      NODATA
svc.%                          A      NODATA
pod.%                          A      NODATA
@                              A      NODATA
shop.pod.%                     A      NODATA
nowhere.svc.%                  A      NXDOMAIN
web.nowhere.svc.%              A      NXDOMAIN
nothing.%                      A      NXDOMAIN
*.@                            A      NXDOMAIN
*.svc.%                        A      NXDOMAIN
web.*.svc.%                    A      NXDOMAIN
any.@                          A      NXDOMAIN
outside.example.               A      NOERROR*  192.0.2.80
nothing.example.               A      NXDOMAIN*
"""

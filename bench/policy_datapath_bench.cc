// What packets pay for NetworkPolicies: round trips of a UDP flow that is established, first
// packets of new ones and TCP connections, between two isolated pods of one node, with our table,
// with rules in the shape of kube-router's and with none. Only the two pods have namespaces: the
// others that are isolated on the node are addresses.
//
// Client and server share one processor, so that times are work, and not the waking of another.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

#include "core/rules/names.h"
#include "core/rules/policy_programmer.h"
#include "datapath.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/policy_objects.h"

namespace bench {
namespace {

namespace objects = hitless::testing::netpol;
namespace policy = hitless::policy;
namespace rules = hitless::rules;
namespace sys = hitless::sys;
namespace testing = hitless::testing;
using hitless::IpAddress;
using hitless::IpFamily;
using testing::Host;

constexpr std::uint16_t kAllowed = 8080;
constexpr std::uint16_t kDenied = 8081;
constexpr int kRoundTrips = 50000;
constexpr int kFirstPackets = 5000;
constexpr auto kConnectFor = std::chrono::seconds(2);

/// The pods that have namespaces stand in the middle of the others.
std::string address(int pod, int pods) {
  const int middle = pods / 2;
  if (pod == middle - 1 || pod == middle) {
    return std::string(pod == middle ? testing::kPodB.v4 : testing::kPodA.v4);
  }
  return IpAddress::v4(0x0af40a00U + static_cast<std::uint32_t>(pod)).text();
}

/// Conntrack follows connections in a namespace where some rule asks for it; this one sees no
/// packet.
bool loadConntrackOnly(int) {
  return feed("nft -f -",
              "table inet only-conntrack {\nchain unused { ct state invalid drop; }\n}");
}

bool loadHitless(int pods) {
  auto dataplane = sys::NftDataplane::open(std::string(rules::names::kPolicyTable));
  policy::Book book("node-1");
  book.applyNamespaces(objects::full({objects::nameSpace("shop")}));
  book.applyNodes(objects::full({objects::node("node-1", "10.244.0.0/16")}));
  book.applyPolicies(objects::full(
      {objects::networkPolicy("shop/deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
       objects::networkPolicy(
           "shop/web",
           "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress], "
           "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
           "ports: [{port: 8080}, {protocol: UDP, port: 8080}]}], "
           "egress: [{to: [{podSelector: {matchLabels: {app: web}}}], "
           "ports: [{port: 8080}, {protocol: UDP, port: 8080}]}]}")}));
  std::vector<hitless::kube::ObjectPtr> all;
  for (int i = 0; i < pods; ++i) {
    all.push_back(objects::pod({.name = fmt::format("shop/web-{}", i),
                                .ip = address(i, pods),
                                .labels = fmt::format("{{app: web, number: '{}'}}", i)}));
  }
  book.applyPods(objects::full(std::move(all)));
  rules::PolicyProgrammer programmer(*dataplane, book, {});
  return programmer.sync().has_value() && programmer.isolated() == static_cast<std::size_t>(pods);
}

/// The chain of a pod that the policies isolate in both directions.
std::string podChain(int pod, const std::string& ip) {
  return fmt::format(
      "-A KUBE-POD-FW-{0} -j KUBE-NWPLCY-COMMON\n"
      "-A KUBE-POD-FW-{0} -d {1}/32 -m addrtype --src-type LOCAL -j ACCEPT\n"
      "-A KUBE-POD-FW-{0} -j KUBE-NWPLCY-DENY\n"
      "-A KUBE-POD-FW-{0} -j KUBE-NWPLCY-WEB\n"
      "-A KUBE-POD-FW-{0} -m mark ! --mark 0x10000/0x10000 -m limit --limit 10/minute "
      "--limit-burst 10 -j NFLOG --nflog-group 100\n"
      "-A KUBE-POD-FW-{0} -m mark ! --mark 0x10000/0x10000 -j REJECT\n"
      "-A KUBE-POD-FW-{0} -j MARK --set-xmark 0x0/0x10000\n"
      "-A KUBE-POD-FW-{0} -j MARK --set-xmark 0x20000/0x20000\n",
      pod, ip);
}

std::string podJumps(int pod, const std::string& ip) {
  return fmt::format(
      "-A KUBE-ROUTER-FORWARD -d {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-FORWARD -m physdev --physdev-is-bridged -d {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-FORWARD -s {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-FORWARD -m physdev --physdev-is-bridged -s {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-OUTPUT -d {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-OUTPUT -s {1}/32 -j KUBE-POD-FW-{0}\n"
      "-A KUBE-ROUTER-INPUT -s {1}/32 -j KUBE-POD-FW-{0}\n",
      pod, ip);
}

/// kube-router's without ipset: where it asks whether sets have the source and the destination, two
/// matches of the pods' network stand here, which cost less.
std::string kubeRouterShape(int pods) {
  std::string chains;
  std::string rules;
  for (int i = 0; i < pods; ++i) {
    const std::string ip = address(i, pods);
    chains += fmt::format(":KUBE-POD-FW-{} - [0:0]\n", i);
    rules += podJumps(i, ip) + podChain(i, ip);
  }
  std::string web;
  for (int direction = 0; direction < 2; ++direction) {
    for (const char* protocol : {"tcp", "udp"}) {
      web += fmt::format(
          "-A KUBE-NWPLCY-WEB -s 10.244.0.0/16 -d 10.244.0.0/16 -p {0} -m {0} --dport {1} "
          "-j MARK --set-xmark 0x10000/0x10000\n"
          "-A KUBE-NWPLCY-WEB -s 10.244.0.0/16 -d 10.244.0.0/16 -p {0} -m {0} --dport {1} "
          "-m mark --mark 0x10000/0x10000 -j RETURN\n",
          protocol, kAllowed);
    }
  }
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
         ":KUBE-ROUTER-FORWARD - [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n:KUBE-ROUTER-OUTPUT - [0:0]\n"
         ":KUBE-NWPLCY-COMMON - [0:0]\n:KUBE-NWPLCY-DENY - [0:0]\n:KUBE-NWPLCY-WEB - [0:0]\n" +
         chains +
         "-A INPUT -j KUBE-ROUTER-INPUT\n-A FORWARD -j KUBE-ROUTER-FORWARD\n"
         "-A OUTPUT -j KUBE-ROUTER-OUTPUT\n"
         "-A KUBE-NWPLCY-COMMON -m conntrack --ctstate INVALID -j DROP\n"
         "-A KUBE-NWPLCY-COMMON -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
         "-A KUBE-NWPLCY-COMMON -p icmp -m icmp --icmp-type echo-request -j ACCEPT\n" +
         web + rules + "-A KUBE-ROUTER-FORWARD -m mark --mark 0x20000/0x20000 -j ACCEPT\nCOMMIT\n";
}

bool loadLegacyShape(int pods) {
  return feed("iptables-legacy-restore", kubeRouterShape(pods));
}

bool loadNftShape(int pods) {
  return feed("iptables-nft-restore", kubeRouterShape(pods));
}

struct Shape {
  const char* name;
  bool (*load)(int pods);
  bool judges;  ///< The others say nothing about any pod, how many ever there are.
};
constexpr Shape kShapes[] = {
    {"no rules, conntrack only", loadConntrackOnly, false},
    {"hitless", loadHitless, true},
    {"kube-router shape, no ipset, iptables-legacy", loadLegacyShape, true},
    {"kube-router shape, no ipset, iptables-nft", loadNftShape, true}};
constexpr int kSizes[] = {10, 110, 1000};

bool onOneProcessor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  return ::sched_setaffinity(0, sizeof one, &one) == 0;
}

double processorMicroseconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

/// Of one flow, sorted; and the processor's time for each, of client, node and server.
std::pair<std::vector<double>, double> roundTrips() {
  constexpr int kWarmUp = 100;
  const Fd fd = testing::startConnecting(SOCK_DGRAM, testing::kPodB.in(IpFamily::kV4), kAllowed);
  std::vector<double> times;
  double used = 0;
  for (int i = 0; i < kWarmUp + kRoundTrips; ++i) {
    if (i == kWarmUp) {
      times.clear();
      used = processorMicroseconds();
    }
    const auto begin = SteadyClock::now();
    if (roundTrip(fd)) {
      times.push_back(microsecondsSince(begin));
    }
  }
  used = processorMicroseconds() - used;
  std::sort(times.begin(), times.end());
  return {std::move(times), used / kRoundTrips};
}

/// That the rules do what they are there for: the allowed port is reached, the other is not.
bool judged(bool expectDenied) {
  const auto reaches = [](std::uint16_t port) {
    return established(
        testing::startConnecting(SOCK_STREAM, testing::kPodB.in(IpFamily::kV4), port));
  };
  return reaches(kAllowed) && reaches(kDenied) != expectDenied;
}

bool tracked() {
  int count = 0;
  std::ifstream("/proc/sys/net/netfilter/nf_conntrack_count") >> count;
  return count > 0;
}

/// Prints its rows; runs in a process and namespaces of its own.
int measure(const Shape& shape, int pods) {
  if (!onOneProcessor() || !enterNamespaces()) {
    return 1;
  }
  const testing::ServiceNetwork network;
  const EchoServer allowed(network, Host::kB, kAllowed);
  const EchoServer denied(network, Host::kB, kDenied);
  const std::string scenario =
      shape.judges ? fmt::format("{} pods, {}", pods, shape.name) : std::string(shape.name);
  const auto begin = SteadyClock::now();
  if (!shape.load(pods)) {
    std::fprintf(stderr, "%s: cannot be loaded here; left out\n", scenario.c_str());
    return 0;
  }
  const double loadMs = microsecondsSince(begin) / 1000;
  if (!network.at(Host::kA, [&] { return judged(shape.judges); }) || !tracked()) {
    std::fprintf(stderr, "%s: the rules do not judge as they should\n", scenario.c_str());
    return 1;
  }
  const auto to = [](int) { return std::pair(testing::kPodB.in(IpFamily::kV4), kAllowed); };
  const auto [trips, used] = network.at(Host::kA, [] { return roundTrips(); });
  const auto first = network.at(Host::kA, [&] { return firstPackets(kFirstPackets, to); });
  const double rate = network.at(Host::kA, [&] { return connectionsPerSecond(kConnectFor, to); });
  printRow(scenario, "load", loadMs, "ms");
  printTimes(scenario, "established, round trip", trips);
  printRow(scenario, "established, processor per round trip", used, "us");
  printTimes(scenario, "first packet", first);
  printRow(scenario, "lost",
           kRoundTrips + kFirstPackets - static_cast<double>(trips.size() + first.size()), "");
  printRow(scenario, "connections", rate, "/s");
  std::fflush(stdout);
  return 0;
}

}  // namespace

int run(int argc, char** argv) {
  if (argc == 3) {
    return measure(kShapes[std::atoi(argv[1])], std::atoi(argv[2]));
  }
  Rows rows;
  for (const int pods : kSizes) {
    for (std::size_t shape = 0; shape < std::size(kShapes); ++shape) {
      if (kShapes[shape].judges || pods == kSizes[0]) {
        rows.add(shape, pods);
      }
    }
  }
  return rows.print();
}

}  // namespace bench

int main(int argc, char** argv) {
  return bench::run(argc, argv);
}

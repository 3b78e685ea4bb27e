// What packets pay: the first packet of a connection and connections per second through a cluster
// IP, between two pods of one node, with our rules, with none, and with rules in the shape of
// kube-proxy's iptables and nftables modes.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "datapath.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/fake_rng.h"
#include "testing/services.h"

namespace bench {
namespace {

namespace rules = hitless::rules;
namespace service = hitless::service;
namespace sys = hitless::sys;
namespace testing = hitless::testing;
namespace watch = hitless::watch;
using hitless::Cidr;
using hitless::IpAddress;
using hitless::IpFamily;
using testing::Host;

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kPodPort = 8080;
constexpr int kFirstPackets = 3000;
constexpr auto kConnectFor = std::chrono::seconds(2);
constexpr testing::Dual kPods[] = {testing::kPodB, testing::kPodC};

IpAddress vip(int service) {
  return IpAddress::v4(0x0a600000U + 10U + static_cast<std::uint32_t>(service));
}

/// TCP and UDP service ports, two endpoints each, as every service here has.
template <class Visit>
void forEachPort(int services, Visit visit) {
  for (int i = 0; i < services; ++i) {
    visit(i, "tcp");
    visit(i, "udp");
  }
}

bool loadHitless(int services) {
  auto dataplane = sys::NftDataplane::open(std::string(rules::names::kTable));
  rules::Programmer programmer(*dataplane, {"node-1", ""},
                               {{IpFamily::kV4}, rules::podsIn({*Cidr::parse("10.244.1.0/24")})});
  watch::Update objects = testing::full({});
  watch::Update slices = testing::full({});
  for (int i = 0; i < services; ++i) {
    const std::string name = fmt::format("s{}", i);
    objects.changes.push_back(
        {watch::ChangeType::kUpsert,
         testing::service(name, vip(i).text(), {{"t", "TCP", kPort}, {"u", "UDP", kPort}})});
    slices.changes.push_back(
        {watch::ChangeType::kUpsert,
         testing::slice(name, {{std::string(kPods[0].v4)}, {std::string(kPods[1].v4)}},
                        {{"t", "TCP", kPodPort}, {"u", "UDP", kPodPort}})});
  }
  service::SnapshotBuilder builder;
  builder.applyServices(objects);
  builder.applyEndpointSlices(slices);
  return programmer.sync(builder.current(), {true, {}}).has_value();
}

/// KUBE-SERVICES: one rule per service port, in a row; a chain per service port and per endpoint.
bool loadIptablesShape(int services) {
  std::string chains;
  std::string rules;
  forEachPort(services, [&](int i, const char* protocol) {
    const std::string name = fmt::format("{}{}", protocol, i);
    chains += fmt::format(
        ":KUBE-SVC-{0} - [0:0]\n:KUBE-SEP-{0}-0 - [0:0]\n:KUBE-SEP-{0}-1 - [0:0]\n", name);
    rules += fmt::format("-A KUBE-SERVICES -d {}/32 -p {} -m {} --dport {} -j KUBE-SVC-{}\n",
                         vip(i).text(), protocol, protocol, kPort, name);
    rules += fmt::format(
        "-A KUBE-SVC-{0} ! -s 10.244.0.0/16 -d {1}/32 -p {2} -m {2} --dport {3} -j KUBE-MARK-MASQ\n"
        "-A KUBE-SVC-{0} -m statistic --mode random --probability 0.5 -j KUBE-SEP-{0}-0\n"
        "-A KUBE-SVC-{0} -j KUBE-SEP-{0}-1\n",
        name, vip(i).text(), protocol, kPort);
    for (int e = 0; e < 2; ++e) {
      rules += fmt::format(
          "-A KUBE-SEP-{0}-{1} -s {2}/32 -j KUBE-MARK-MASQ\n"
          "-A KUBE-SEP-{0}-{1} -p {3} -m {3} -j DNAT --to-destination {2}:{4}\n",
          name, e, kPods[e].v4, protocol, kPodPort);
    }
  });
  return feed("iptables-legacy-restore",
              "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT "
              "[0:0]\n:KUBE-SERVICES - [0:0]\n"
              ":KUBE-MARK-MASQ - [0:0]\n:KUBE-POSTROUTING - [0:0]\n" +
                  chains +
                  "-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n-A POSTROUTING -j "
                  "KUBE-POSTROUTING\n"
                  "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
                  "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n"
                  "-A KUBE-POSTROUTING -j MASQUERADE --random-fully\n" +
                  rules + "COMMIT\n");
}

/// As kube-proxy 1.36: a verdict map to a chain per service port with an anonymous map of its
/// endpoints.
bool loadNftablesShape(int services) {
  std::string elements;
  std::string chains;
  forEachPort(services, [&](int i, const char* protocol) {
    elements += fmt::format("{} . {} . {} : goto service-{}-{},\n", vip(i).text(), protocol, kPort,
                            protocol, i);
    chains += fmt::format(
        "chain service-{0}-{1} {{\n ip daddr {2} {0} dport {3} ip saddr != 10.244.0.0/16 jump "
        "mark-for-masquerade\n"
        " meta l4proto {0} dnat ip to numgen random mod 2 map {{ 0 : {4} . {5}, 1 : {6} . {5} "
        "}}\n}}\n",
        protocol, i, vip(i).text(), kPort, kPods[0].v4, kPodPort, kPods[1].v4);
  });
  return feed(
      "nft -f -",
      "table ip kube-proxy {\nchain mark-for-masquerade { meta mark set meta mark or 0x4000; }\n" +
          chains +
          "map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = {\n" +
          elements +
          "} }\nset cluster-ips { type ipv4_addr; }\n"
          "chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }\n"
          "chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }\n"
          "chain nat-output { type nat hook output priority -100; jump services; }\n"
          "chain filter-forward { type filter hook forward priority filter; ct state new ip daddr "
          "@cluster-ips "
          "reject; }\n"
          "chain nat-postrouting { type nat hook postrouting priority srcnat; meta mark & 0x4000 "
          "== 0 return; "
          "masquerade fully-random; }\n}\n");
}

/// Where the `i`th packet or connection goes.
std::pair<IpAddress, std::uint16_t> target(testing::FakeRng& rng, int i, int services,
                                           bool direct) {
  const auto service = static_cast<int>(rng.below(static_cast<std::uint64_t>(services)));
  return direct ? std::pair(kPods[i % 2].in(IpFamily::kV4), kPodPort)
                : std::pair(vip(service), kPort);
}

struct Shape {
  const char* name;
  bool (*load)(int services);  ///< nullptr: no rules; packets go straight to a pod.
  int most;                    ///< More services than that take too long to load.
};
constexpr Shape kShapes[] = {{"no rules, pod address", nullptr, 10},
                             {"hitless", loadHitless, 44000},
                             {"kube-proxy iptables shape", loadIptablesShape, 10000},
                             {"kube-proxy nftables shape", loadNftablesShape, 10000}};
constexpr int kSizes[] = {10, 1000, 10000, 44000};

/// Prints its rows; runs in a process and namespaces of its own.
int measure(const Shape& shape, int services) {
  if (!enterNamespaces()) {
    return 1;
  }
  const testing::ServiceNetwork network;
  const EchoServer a(network, kPods[0].host, kPodPort);
  const EchoServer b(network, kPods[1].host, kPodPort);
  const auto begin = SteadyClock::now();
  if (shape.load != nullptr && !shape.load(services)) {
    std::fprintf(stderr, "%s cannot be loaded here with %d services; left out\n", shape.name,
                 services);
    return 0;
  }
  const double loadMs = microsecondsSince(begin) / 1000;
  const bool direct = shape.load == nullptr;
  testing::FakeRng rng(1);
  const auto to = [&](int i) { return target(rng, i, services, direct); };
  const auto times = network.at(Host::kA, [&] { return firstPackets(kFirstPackets, to); });
  const double rate = network.at(Host::kA, [&] { return connectionsPerSecond(kConnectFor, to); });
  const std::string scenario =
      direct ? shape.name : fmt::format("{} services, {}", services, shape.name);
  if (!direct) {
    printRow(scenario, "load", loadMs, "ms");
  }
  printTimes(scenario, "first packet", times);
  printRow(scenario, "lost first packets",
           static_cast<double>(kFirstPackets) - static_cast<double>(times.size()), "");
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
  for (const int services : kSizes) {
    for (std::size_t shape = 0; shape < std::size(kShapes); ++shape) {
      if (services <= kShapes[shape].most) {
        rows.add(shape, services);
      }
    }
  }
  return rows.print();
}

}  // namespace bench

int main(int argc, char** argv) {
  return bench::run(argc, argv);
}

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/doctor/check.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/ip_sets.h"
#include "core/doctor/links.h"
#include "core/doctor/processes.h"
#include "core/doctor/round_trip.h"

/// A bundle may come from anybody: no check may fall over what is in it.
namespace hitless::doctor {
namespace {

std::string someNetwork() {
  Network network;
  network.interfaces.resize(3);
  network.interfaces[0] = {3, "cni0", "bridge", 1500, 0, 0, true, false, {}, {}};
  network.interfaces[1] = {4, "veth0", "veth", 1500, 3, 0, true, false, 0, {}};
  network.interfaces[2] = {5, "vx", "vxlan", 1500, 0, 3, true, false, {}, {}};
  network.addresses = {{3, *Cidr::parse("10.42.0.1/24")}, {3, *Cidr::parse("2001:db8::1/64")}};
  network.routes = {{*Cidr::parse("10.50.0.0/26"), {}, 0, true},
                    {*Cidr::parse("10.50.0.7/32"), {}, 4, false}};
  network.neighbours = {{3, *IpAddress::parse("10.42.0.9"), kNeighbourFailed}};
  network.namespaces = {{100, 0, 0, "cni-a"}};
  network.namespacesWhole = true;
  return renderNetwork(network);
}

std::string someFlows() {
  const IpAddress client = *IpAddress::parse("10.42.0.2");
  const IpAddress service = *IpAddress::parse("10.96.0.1");
  const IpAddress pod = *IpAddress::parse("10.42.0.9");
  Flows flows;
  flows.flows.push_back(
      {{conntrack::kUdp, client, 9, service, 53}, {conntrack::kUdp, pod, 53, client, 9}, {}, 0});
  return renderFlows(flows);
}

/// What evidence looks like, by the beginning of its name; of all else, numbers.
std::string sampleOf(std::string_view name) {
  static const std::map<std::string_view, std::string> kSamples = {
      {names::kLinks, someNetwork()},
      {names::kFlows, someFlows()},
      {names::kIpSets, renderIpSets({{"TMP-1", "hash:ip", 4, 2, 0, 9, 10, 99}})},
      {names::kProcesses, renderProcesses({Process()})},
      {names::kRoundTrip, renderRoundTrip({milliseconds(9), milliseconds(1), {}, 5, 0})},
      {names::kNftRules4,
       "*filter\n:INPUT ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A INPUT -s "
       "10.0.0.1/32 -m comment --comment \"a b\" -j KUBE-SERVICES\nCOMMIT\n"},
      {"proc/net/tcp", "sl\n 0: 0100007F:C350 0200007F:1F90 06 0\n"},
      {"proc/net/netstat", "TcpExt: IPReversePathFilter\nTcpExt: 5\n"},
      {"proc/net/stat/nf_conntrack", "insert_failed drop early_drop\n00000001 00000002 00000003\n"},
      {"proc/net/stat/arp_cache", "entries table_fulls\n00000400 00000001\n"},
      {"proc/net/softnet_stat", "00000001 00000002 00000003\n"},
      {"proc/stat", "cpu0 1 2 3 4 5 6 7 8\n"},
      {"etc/sysctl.conf", "net.ipv4.ip_forward=0\nnet.netfilter.nf_conntrack_max = 5\n"},
  };
  const auto it = kSamples.find(name);
  return it == kSamples.end() ? "0\n" : it->second;
}

std::string mutated(std::string text, std::mt19937& random) {
  for (unsigned change = random() % 5; change > 0 && !text.empty(); --change) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text[at] = static_cast<char>('0' + random() % 10);
        break;
      case 2:
        text.erase(at, 1 + random() % 8);
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 16));
    }
  }
  return text;
}

std::string concrete(std::string_view pattern, std::mt19937& random) {
  constexpr std::string_view kNames[] = {"cni0", "all", "10.42.0.7", "x", "é"};
  std::string name;
  for (const char letter : pattern) {
    name +=
        letter == '*' ? std::string(kNames[random() % std::size(kNames)]) : std::string(1, letter);
  }
  return name;
}

TEST(HostileEvidence, NoCheckFallsOverIt) {
  std::mt19937 random(17);
  std::size_t findings = 0;
  for (const Check* check : checks()) {
    for (int round = 0; round < 1500; ++round) {
      Evidence evidence;
      evidence.kernel = mutated("6.1.0-18", random);
      evidence.samples.resize(1 + random() % 2);
      evidence.samples.back().at =
          nanoseconds(static_cast<std::int64_t>(random() % 3) * 500'000'000);
      for (const Want& want : check->wants) {
        for (Sample& sample : evidence.samples) {
          if (random() % 8 != 0) {
            sample.files[concrete(want.name, random)] = mutated(sampleOf(want.name), random);
          }
        }
      }
      const auto found = check->run(evidence);
      findings += found.size();
      for (const Finding& finding : found) {
        EXPECT_FALSE(finding.summary.empty() || finding.subject.empty()) << check->id;
      }
    }
    EXPECT_TRUE(check->run(Evidence()).empty()) << check->id << ": no evidence, no finding";
  }
  EXPECT_GT(findings, 0U);
}

}  // namespace
}  // namespace hitless::doctor

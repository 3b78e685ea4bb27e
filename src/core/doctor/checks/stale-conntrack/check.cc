#include "core/doctor/checks/stale-conntrack/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/doctor/cni_leases.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/node_needs.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

using conntrack::Flow;
using conntrack::TcpState;

constexpr Want kWants[] = {{names::kFlows, false}, {names::kLinks, true}, {kCniLeases, false}};
constexpr std::size_t kShown = 5;

/// Addresses that nobody answered for in the first sample. One that is being asked for (INCOMPLETE)
/// is dead only if it still is in the second: a pod answers within a millisecond, and an address
/// that packets go to all the time is asked for all the time.
std::set<IpAddress> silentBefore(const Evidence& evidence) {
  std::set<IpAddress> silent;
  const std::string* text = evidence.findFirst(names::kLinks);
  if (text == nullptr || text == evidence.find(names::kLinks)) {
    return silent;
  }
  const auto network = parseNetwork(*text);
  for (std::size_t at = 0; network && at < network->neighbours.size(); ++at) {
    if (network->neighbours[at].silent()) {
      silent.insert(network->neighbours[at].address);
    }
  }
  return silent;
}

/// Who proves that nobody has an address.
class Living {
 public:
  explicit Living(const Evidence& evidence)
      : network_(networkOf(evidence)), ranges_(podNetworks(network_)) {
    const auto leases = cniLeases(evidence);
    for (const CniLease& lease : leases) {
      leased_.insert(lease.address);
    }
    const auto before = silentBefore(evidence);
    for (const Neighbour& one : network_.neighbours) {
      if (!one.silent()) {
        answering_.insert(one.address);
      } else if (one.state == kNeighbourFailed || before.contains(one.address)) {
        silent_.insert(one.address);
      }
    }
    for (const RouteEntry& route : network_.routes) {
      const bool single = route.destination.length == route.destination.address.bytes().size() * 8;
      if (single && !route.blackhole) {
        routed_.insert(route.destination.address);
      }
    }
  }

  /// Why nobody has the address; empty if somebody has, or may have.
  std::string deathOf(const IpAddress& address) const {
    const auto range = std::find_if(ranges_.begin(), ranges_.end(), [&](const PodNetwork& one) {
      return one.range.contains(address);
    });
    if (range == ranges_.end() || network_.isOwn(address) || routed_.contains(address) ||
        answering_.contains(address) || leased_.contains(address)) {
      return "";
    }
    if (range->bridge == 0) {
      return network_.routesCut ? ""
                                : fmt::format("no route leads to it, and {} is a block of pods",
                                              range->range.text());
    }
    if (silent_.contains(address)) {
      return "nobody answers when the node asks who has it";
    }
    return hasLeases(range->range) ? "the CNI plugin host-local has given it to nobody" : "";
  }

 private:
  bool hasLeases(const Cidr& range) const {
    return std::any_of(leased_.begin(), leased_.end(),
                       [&](const IpAddress& one) { return range.contains(one); });
  }

  Network network_;
  std::vector<PodNetwork> ranges_;
  std::set<IpAddress> leased_;
  std::set<IpAddress> silent_;
  std::set<IpAddress> answering_;
  std::set<IpAddress> routed_;
};

/// An entry that goes on leading packets to where it leads now. Those without translation would
/// come again as they are; TCP that ends goes by itself.
bool leads(const Flow& flow) {
  if (flow.original.destination == flow.reply.source) {
    return false;
  }
  if (flow.original.protocol != conntrack::kTcp) {
    return flow.original.protocol == conntrack::kUdp;
  }
  return flow.tcpState == TcpState::kSynSent || flow.tcpState == TcpState::kSynRecv ||
         flow.tcpState == TcpState::kEstablished;
}

struct Dead {
  std::string why;
  std::vector<conntrack::Tuple> flows;
  std::size_t udp = 0;
  std::string example;
};

std::map<IpAddress, Dead> deadOnes(const Flows& flows, const Living& living) {
  std::map<IpAddress, Dead> dead;
  std::map<IpAddress, std::string> judged;
  for (const Flow& flow : flows.flows) {
    if (!leads(flow)) {
      continue;
    }
    const auto [known, fresh] = judged.try_emplace(flow.reply.source);
    if (fresh) {
      known->second = living.deathOf(flow.reply.source);
    }
    if (!known->second.empty()) {
      Dead& one = dead[flow.reply.source];
      one.why = known->second;
      one.udp += flow.original.protocol == conntrack::kUdp;
      one.example = flow.text();
      one.flows.push_back(flow.original);
    }
  }
  return dead;
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kFlows);
  const auto flows = text == nullptr ? Result<Flows>() : parseFlows(*text);
  if (!flows || evidence.find(names::kLinks) == nullptr) {
    return {};
  }
  const auto dead = deadOnes(*flows, Living(evidence));
  if (dead.empty()) {
    return {};
  }
  Finding finding;
  DeleteFlows repair;
  std::size_t udp = 0;
  for (const auto& [address, one] : dead) {
    if (finding.evidence.size() < kShown) {
      finding.evidence.push_back(fmt::format("{}: {}; {} entries, one is {}", address.text(),
                                             one.why, grouped(one.flows.size()), one.example));
    }
    repair.flows.insert(repair.flows.end(), one.flows.begin(), one.flows.end());
    udp += one.udp;
  }
  finding.severity = udp > 0 ? Severity::kCritical : Severity::kWarning;
  finding.subject = "connection table";
  finding.summary =
      fmt::format("{} entries of the connection table, {} of them UDP, lead to {} that no pod has",
                  grouped(repair.flows.size()), grouped(udp),
                  dead.size() == 1 ? "an address" : grouped(dead.size()) + " addresses");
  if (flows->cut) {
    finding.evidence.push_back("there are more entries than were read");
  }
  finding.consequence =
      "packets of these clients go nowhere as long as they keep sending, whatever the rules say by "
      "now; UDP clients that keep their port (DNS, syslog, QUIC) never notice";
  finding.remedy =
      "see why whoever makes the Services' rules does not delete such entries (kubernetes#139628, "
      "#125467)";
  finding.repair = {std::move(repair)};
  return {finding};
}

}  // namespace

const Check kStaleConntrack = {
    "stale-conntrack",
    "Connections that lead to pods that are gone",
    {
        "An entry of the connection table keeps the endpoint that it was given. If nobody deletes "
        "it when the pod goes, its packets go to the dead address: for UDP as long as the client "
        "sends often enough (kubernetes#139628: 13 hours; #125467, #66651).",
        "Up to 50,000 entries: UDP, and TCP that is not ending, whose destination was translated "
        "to "
        "an address of this node's own pods that provably no pod has: it lies in the network of a "
        "container bridge and does not answer ARP in both samples, or has no lease of the CNI "
        "plugin "
        "host-local, or in a block of pods (a blackhole route) without a route of its own.",
        "The clients' packets vanish. With many, soft interrupts take whole CPUs.",
        "Deletes these entries. The next packet makes a new one by the rules as they are. What was "
        "deleted is written to the undo file, but not brought back.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

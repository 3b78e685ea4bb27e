#include "core/doctor/checks/ephemeral-ports/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kRange = "proc/sys/net/ipv4/ip_local_port_range";
constexpr std::string_view kTcp = "proc/net/tcp";
constexpr std::string_view kTcp6 = "proc/net/tcp6";
constexpr Want kWants[] = {{kRange, false}, {kTcp, false}, {kTcp6, false}, {names::kFlows, false}};

constexpr std::uint64_t kWarnPercent = 70;
constexpr std::uint64_t kCriticalPercent = 90;
/// Above what the kubelet and its like listen on (10250 ...), below the default range.
constexpr std::uint32_t kWideFirst = 16384;
constexpr std::uint32_t kWideLast = 65535;
/// nf_nat_core.c, nf_nat_l4proto_unique_tuple(): ports from 1024 on are replaced by such.
constexpr std::uint64_t kTranslatedPorts = 65536 - 1024;

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint64_t size() const { return last - first + 1; }
};

std::optional<Range> rangeOf(const Evidence& evidence) {
  const std::string* text = evidence.find(kRange);
  if (text == nullptr) {
    return std::nullopt;
  }
  const std::string_view line = trim(*text);
  const std::size_t gap = std::min(line.find_first_of(" \t"), line.size());
  const auto first = parseUint(line.substr(0, gap));
  const auto last = parseUint(trim(line.substr(gap)));
  if (!first || !last || *first > *last || *last > 65535) {
    return std::nullopt;
  }
  return Range{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

/// From which address to which address and port: within one, every connection needs another port.
using Pair = std::tuple<IpAddress, IpAddress, std::uint16_t>;
struct Use {
  std::uint64_t ports = 0;
  std::uint64_t waiting = 0;  ///< Of them, in TIME_WAIT.
};

std::map<Pair, Use> socketsByPair(const Evidence& evidence, const Range& range) {
  std::map<Pair, Use> uses;
  for (const std::string_view name : {kTcp, kTcp6}) {
    const std::string* text = evidence.find(name);
    eachSocket(text == nullptr ? std::string_view() : *text, [&](const SocketLine& one) {
      if (one.state != kSocketListens && one.localPort >= range.first &&
          one.localPort <= range.last) {
        Use& use = uses[{one.local, one.remote, one.remotePort}];
        ++use.ports;
        use.waiting += one.state == kSocketTimeWait;
      }
    });
  }
  return uses;
}

Severity severityOf(std::uint64_t used) {
  return used >= kCriticalPercent ? Severity::kCritical : Severity::kWarning;
}

std::string textOf(const Pair& pair) {
  const auto& [from, to, port] = pair;
  return fmt::format("{} to {} port {}", from.text(), to.text(), port);
}

void addRepair(const Range& range, const Use& use, Finding& finding) {
  if (2 * use.waiting >= use.ports) {
    finding.repair.push_back(WriteSysctl{"net/ipv4/tcp_tw_reuse", "1"});
  }
  if (range.first > kWideFirst || range.last < kWideLast) {
    finding.repair.push_back(WriteSysctl{
        "net/ipv4/ip_local_port_range",
        fmt::format("{} {}", std::min(range.first, kWideFirst), std::max(range.last, kWideLast))});
  }
}

void examineSockets(const Evidence& evidence, std::vector<Finding>& findings) {
  const auto range = rangeOf(evidence);
  if (!range) {
    return;
  }
  const auto uses = socketsByPair(evidence, *range);
  for (const auto& [pair, use] : uses) {
    const std::uint64_t used = percent(use.ports, range->size());
    if (used < kWarnPercent) {
      continue;
    }
    Finding finding;
    finding.severity = severityOf(used);
    finding.subject = textOf(pair);
    finding.summary = fmt::format("{} of {} local ports are used from {} ({} %)",
                                  grouped(use.ports), grouped(range->size()), textOf(pair), used);
    finding.evidence = {
        fmt::format("net.ipv4.ip_local_port_range is {} {}", range->first, range->last),
        fmt::format("{} of the ports are in TIME_WAIT", grouped(use.waiting))};
    finding.consequence =
        "connect() fails with EADDRNOTAVAIL, or takes long because the kernel looks for a free "
        "port";
    finding.remedy =
        "let the client keep connections open and use them again; more destination addresses or "
        "ports divide the load";
    addRepair(*range, use, finding);
    findings.push_back(std::move(finding));
  }
}

/// Ports that source translation (MASQUERADE) has given away.
void examineTranslated(const Evidence& evidence, std::vector<Finding>& findings) {
  const std::string* text = evidence.find(names::kFlows);
  const auto flows = text == nullptr ? Result<Flows>() : parseFlows(*text);
  if (!flows) {
    return;
  }
  std::map<Pair, std::uint64_t> uses;
  for (const conntrack::Flow& flow : flows->flows) {
    if (flow.reply.destination != flow.original.source && flow.reply.sourcePort != 0) {
      ++uses[{flow.reply.destination, flow.reply.source, flow.reply.sourcePort}];
    }
  }
  for (const auto& [pair, ports] : uses) {
    const std::uint64_t used = percent(ports, kTranslatedPorts);
    if (used < kWarnPercent) {
      continue;
    }
    Finding finding;
    finding.severity = severityOf(used);
    finding.subject = fmt::format("translated: {}", textOf(pair));
    finding.summary = fmt::format("source translation has used {} of {} ports from {} ({} %)",
                                  grouped(ports), grouped(kTranslatedPorts), textOf(pair), used);
    finding.evidence = {fmt::format("counted in {} entries of the connection table{}",
                                    grouped(flows->flows.size()),
                                    flows->cut ? ", of which there are more" : "")};
    finding.consequence =
        "new connections of pods to this destination are dropped: no free port (insert_failed)";
    finding.remedy =
        "give the node another address to translate to, reach the destination without "
        "translation, or let clients keep connections open; MASQUERADE --random-fully";
    findings.push_back(std::move(finding));
  }
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  examineSockets(evidence, findings);
  examineTranslated(evidence, findings);
  return findings;
}

}  // namespace

const Check kEphemeralPorts = {
    "ephemeral-ports",
    "Local ports towards one destination run out",
    {
        "A connection is known by both addresses and both ports. From one address to one address "
        "and port there can be only as many connections as `net.ipv4.ip_local_port_range` has "
        "ports: 28,232 by default. One that has ended keeps its port for 60 s more (TIME_WAIT). "
        "Source translation has 64,512 ports for all pods of the node together.",
        "Sockets of `/proc/net/tcp` and `tcp6` (the first 4 MiB of each, about 28,000 lines) and "
        "up "
        "to 50,000 entries of the connection table, counted by source, destination and port: a "
        "warning from 70 % of the range, critical from 90 %.",
        "`connect()` fails with EADDRNOTAVAIL, or a pod's SYN is dropped.",
        "Widens the range to 16384-65535, and lets ports in TIME_WAIT be used again for outgoing "
        "connections (`net.ipv4.tcp_tw_reuse = 1`) if most of them wait. Nothing automatic for "
        "translated ports.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

#include "core/doctor/checks/conntrack-insert-failed/check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kStat = "proc/net/stat/nf_conntrack";
constexpr Want kWants[] = {{kStat, true}, {names::kFlows, false}};

constexpr double kCriticalPerSecond = 10;
constexpr std::uint16_t kDns = 53;

/// "6.1.0-18-amd64" is before 6.12.
bool before(std::string_view kernel, std::uint64_t major, std::uint64_t minor) {
  const auto parts = split(kernel, '.');
  if (parts.size() < 2) {
    return false;
  }
  const auto first = parseUint(parts[0]);
  const auto second = parseUint(parts[1].substr(0, parts[1].find_first_not_of("0123456789")));
  return first && second && (*first < major || (*first == major && *second < minor));
}

void addDns(const Evidence& evidence, Finding& finding) {
  const std::string* text = evidence.find(names::kFlows);
  const auto flows = text == nullptr ? Result<Flows>() : parseFlows(*text);
  if (!flows || flows->flows.empty()) {
    return;
  }
  std::uint64_t dns = 0;
  for (const conntrack::Flow& flow : flows->flows) {
    dns += flow.original.protocol == conntrack::kUdp && flow.original.destinationPort == kDns;
  }
  finding.evidence.push_back(fmt::format("{} % of {} entries looked at are DNS over UDP",
                                         percent(dns, flows->flows.size()),
                                         grouped(flows->flows.size())));
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::uint64_t failed = cpuGrowth(evidence, kStat, "insert_failed").value_or(0);
  if (failed == 0) {
    return {};
  }
  const double rate = perSecond(evidence, failed);
  Finding finding;
  finding.severity = rate >= kCriticalPerSecond ? Severity::kCritical : Severity::kWarning;
  finding.subject = "/proc/net/stat/nf_conntrack insert_failed";
  finding.summary = fmt::format(
      "{} packets were lost because their entry of the connection table collided with another "
      "({:.0f}/s)",
      grouped(failed), rate);
  finding.evidence.push_back(fmt::format("insert_failed rose by {} in {:.2f} s", grouped(failed),
                                         std::chrono::duration<double>(evidence.span()).count()));
  addDns(evidence, finding);
  const bool old = before(evidence.kernel, 6, 12);
  if (old) {
    finding.evidence.push_back(
        fmt::format("kernel {} has netfilter bug 1766, mended in 6.12", evidence.kernel));
  }
  finding.consequence =
      "a lost datagram of a DNS query costs the client its whole time-out, 5 s by default; a lost "
      "SYN costs 1 s";
  finding.remedy = old ? "run a DNS cache on the node (NodeLocal DNSCache) without connection "
                         "tracking, use kernel 6.12 or newer, MASQUERADE with --random-fully"
                       : "run a DNS cache on the node (NodeLocal DNSCache) without connection "
                         "tracking, MASQUERADE with --random-fully, and look whether source ports "
                         "run out (ephemeral-ports)";
  return {finding};
}

}  // namespace

const Check kConntrackInsertFailed = {
    "conntrack-insert-failed",
    "Packets lost to collisions in the connection table",
    {
        "Two packets from one socket, as a resolver's A and AAAA queries, pass the rules at the "
        "same time and get the same translated tuple; or source translation finds no free port. "
        "The second entry cannot be inserted and its packet is dropped (kubernetes#56903, "
        "netfilter bug 1766, mended in Linux 6.12).",
        "`insert_failed` of `/proc/net/stat/nf_conntrack`, summed over all CPUs: a finding if it "
        "rises between the two samples, critical from 10 a second. The share of DNS among the "
        "entries that were read, and the kernel's version, stand beside it.",
        "Every lost DNS datagram is a pause of 5 s in some client; every lost SYN one of 1 s.",
        "Nothing automatic. NodeLocal DNSCache takes DNS out of connection tracking; "
        "`--random-fully` on MASQUERADE rules makes collisions of source ports rare.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

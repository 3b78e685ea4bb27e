#include "core/doctor/checks/conntrack-full/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kCount = "proc/sys/net/netfilter/nf_conntrack_count";
constexpr std::string_view kMax = "proc/sys/net/netfilter/nf_conntrack_max";
constexpr std::string_view kBuckets = "proc/sys/net/netfilter/nf_conntrack_buckets";
constexpr std::string_view kStat = "proc/net/stat/nf_conntrack";
constexpr std::string_view kMemory = "proc/meminfo";

constexpr Want kWants[] = {
    {kCount, true}, {kMax, false},    {kBuckets, false},
    {kStat, true},  {kMemory, false}, {names::kFlows, false},
};

constexpr std::uint64_t kWarnPercent = 80;
constexpr std::uint64_t kCriticalPercent = 95;
/// struct nf_conn with its extensions, rounded up to what the slab gives.
constexpr std::uint64_t kEntryBytes = 512;
/// The table may take this part of the memory at most.
constexpr std::uint64_t kMemoryShare = 8;
constexpr std::size_t kShown = 3;

/// "MemTotal:  16284924 kB", in bytes; 0 if it is not known.
std::uint64_t memoryOf(const Evidence& evidence) {
  const std::string* text = evidence.find(kMemory);
  if (text == nullptr || !text->starts_with("MemTotal:")) {
    return 0;
  }
  const std::string_view line = trim(std::string_view(*text).substr(9, text->find('\n') - 9));
  return parseUint(line.substr(0, line.find(' '))).value_or(0) * 1024;
}

/// Who has most of the entries, as "10.0.0.1 (40 %), 10.0.0.2 (7 %)".
std::string most(const Flows& flows, const std::function<IpAddress(const conntrack::Flow&)>& who) {
  std::map<IpAddress, std::uint64_t> counts;
  for (const conntrack::Flow& flow : flows.flows) {
    ++counts[who(flow)];
  }
  std::vector<std::pair<std::uint64_t, IpAddress>> order;
  for (const auto& [address, count] : counts) {
    order.emplace_back(count, address);
  }
  std::sort(order.rbegin(), order.rend());
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < order.size() && at < kShown; ++at) {
    parts.push_back(fmt::format("{} ({} %)", order[at].second.text(),
                                percent(order[at].first, flows.flows.size())));
  }
  return join(parts, ", ");
}

void addWho(const Evidence& evidence, Finding& finding) {
  const std::string* text = evidence.find(names::kFlows);
  const auto flows = text == nullptr ? Result<Flows>() : parseFlows(*text);
  if (!flows || flows->flows.empty()) {
    return;
  }
  finding.evidence.push_back(
      fmt::format("of {} entries looked at, most were opened by {}", grouped(flows->flows.size()),
                  most(*flows, [](const auto& flow) { return flow.original.source; })));
  finding.evidence.push_back(fmt::format(
      "most go to {}", most(*flows, [](const auto& flow) { return flow.original.destination; })));
}

void addRepair(const Evidence& evidence, std::uint64_t max, Finding& finding) {
  const std::uint64_t bound = memoryOf(evidence) / kMemoryShare / kEntryBytes;
  const std::uint64_t wanted = std::min(2 * max, bound);
  if (wanted > max) {
    finding.repair.push_back(WriteSysctl{"net/netfilter/nf_conntrack_max", std::to_string(wanted)});
    finding.remedy = fmt::format(
        "make it last: net.netfilter.nf_conntrack_max = {} in /etc/sysctl.d (kube-proxy sets its "
        "own from --conntrack-max-per-core); find out why the sources above open so many",
        wanted);
  } else {
    finding.remedy =
        "the memory of this node does not allow for twice as many: shorten "
        "net.netfilter.nf_conntrack_tcp_timeout_established (432000 s) and "
        "..._close_wait, or stop the sources above";
  }
}

std::vector<Finding> run(const Evidence& evidence) {
  const auto count = evidence.number(kCount);
  const auto max = evidence.number(kMax);
  if (!count || !max || *count < 0 || *max <= 0) {
    return {};
  }
  const auto entries = static_cast<std::uint64_t>(*count);
  const auto limit = static_cast<std::uint64_t>(*max);
  const std::uint64_t dropped = cpuGrowth(evidence, kStat, "drop").value_or(0);
  const std::uint64_t early = cpuGrowth(evidence, kStat, "early_drop").value_or(0);
  const std::uint64_t filled = percent(entries, limit);
  const bool losing = dropped + early > 0;
  if (filled < kWarnPercent && !losing) {
    return {};
  }
  Finding finding;
  finding.severity =
      losing || filled >= kCriticalPercent ? Severity::kCritical : Severity::kWarning;
  finding.subject = "net.netfilter.nf_conntrack_max";
  finding.summary = fmt::format("the connection table holds {} of {} entries ({} %)",
                                grouped(entries), grouped(limit), filled);
  if (losing) {
    finding.evidence.push_back(fmt::format(
        "{} packets were dropped and {} live entries thrown out for new ones while we looked "
        "({:.0f}/s)",
        grouped(dropped), grouped(early), perSecond(evidence, dropped + early)));
  }
  finding.evidence.push_back(fmt::format("nf_conntrack_count {}, nf_conntrack_max {}, buckets {}",
                                         entries, limit, evidence.number(kBuckets).value_or(0)));
  addWho(evidence, finding);
  finding.consequence =
      "a full table drops the first packet of every new connection: clients time out, DNS fails at "
      "random, while open connections go on";
  addRepair(evidence, limit, finding);
  return {finding};
}

}  // namespace

const Check kConntrackFull = {
    "conntrack-full",
    "The connection table is full or nearly so",
    {
        "Every connection that passes the node takes an entry of the kernel's connection table. "
        "When `nf_conntrack_max` entries are there, the kernel throws out entries that nobody has "
        "answered yet, and if it finds none, drops the packet (kubernetes#71261, #97377).",
        "`nf_conntrack_count` against `nf_conntrack_max`: a warning from 80 %, critical from 95 %, "
        "and critical whenever `drop` or `early_drop` of `/proc/net/stat/nf_conntrack` rise "
        "between the two samples. Up to 50,000 entries are read to say who has most of them.",
        "New connections time out at random; `nf_conntrack: table full, dropping packet` stands in "
        "the kernel's log. Connections that are open go on.",
        "Doubles `nf_conntrack_max`, as long as the table takes no more than an eighth of the "
        "memory (512 bytes an entry). It lasts until the next boot: put the value into "
        "`/etc/sysctl.d`, or give kube-proxy `--conntrack-max-per-core`.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

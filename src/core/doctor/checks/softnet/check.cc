#include "core/doctor/checks/softnet/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kSoftnetStat = "proc/net/softnet_stat";
constexpr std::string_view kSoftirqs = "proc/softirqs";
constexpr std::string_view kStat = "proc/stat";
constexpr Want kWants[] = {{kSoftnetStat, true}, {kSoftirqs, true}, {kStat, true}};

constexpr double kSqueezedPerSecond = 100;
constexpr double kBusyShare = 0.6;
constexpr double kCriticalShare = 0.9;
/// Fewer ticks (10 ms each) than these are no measure.
constexpr std::uint64_t kLeastTicks = 10;

/// What soft interrupts and everything together took of a CPU, in ticks (proc(5), /proc/stat).
struct Ticks {
  std::uint64_t soft = 0;
  std::uint64_t all = 0;
};

std::map<std::uint64_t, Ticks> ticksOf(std::string_view text) {
  constexpr std::size_t kFields = 8;  // user nice system idle iowait irq softirq steal
  constexpr std::size_t kSoft = 6;
  std::map<std::uint64_t, Ticks> cpus;
  const auto lines = split(text, '\n');
  for (const std::string_view line : lines) {
    const auto words = split(line, ' ');
    const auto cpu = words[0].starts_with("cpu") ? parseUint(words[0].substr(3))
                                                 : std::optional<std::uint64_t>();
    if (!cpu || words.size() < 1 + kFields) {
      continue;
    }
    Ticks& ticks = cpus[*cpu];
    for (std::size_t field = 0; field < kFields; ++field) {
      ticks.all += parseUint(words[1 + field]).value_or(0);
    }
    ticks.soft = parseUint(words[1 + kSoft]).value_or(0);
  }
  return cpus;
}

std::uint64_t grown(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

/// Drops and squeezes of all CPUs.
struct Losses {
  std::uint64_t dropped = 0;
  std::uint64_t squeezed = 0;
};

Losses lossesOf(std::string_view text) {
  Losses sum;
  const auto rows = softnetRows(text);
  for (const SoftnetRow& row : rows) {
    sum.dropped += row.dropped;
    sum.squeezed += row.squeezed;
  }
  return sum;
}

void examineLosses(const Evidence& evidence, std::vector<Finding>& findings) {
  const auto dropped = growth(evidence, kSoftnetStat, [](std::string_view text) {
                         return std::optional(lossesOf(text).dropped);
                       }).value_or(0);
  const auto squeezed = growth(evidence, kSoftnetStat, [](std::string_view text) {
                          return std::optional(lossesOf(text).squeezed);
                        }).value_or(0);
  if (dropped == 0 && perSecond(evidence, squeezed) < kSqueezedPerSecond) {
    return;
  }
  Finding finding;
  finding.severity = dropped > 0 ? Severity::kCritical : Severity::kWarning;
  finding.subject = "/proc/net/softnet_stat";
  finding.summary =
      dropped > 0
          ? fmt::format("{} packets were dropped before any rule saw them ({:.0f}/s)",
                        grouped(dropped), perSecond(evidence, dropped))
          : fmt::format("packets wait: the kernel ran out of its budget {:.0f} times a second",
                        perSecond(evidence, squeezed));
  finding.evidence = {fmt::format("dropped rose by {}, time_squeeze by {} in {:.2f} s",
                                  grouped(dropped), grouped(squeezed),
                                  std::chrono::duration<double>(evidence.span()).count())};
  finding.consequence = "packets of all kinds are lost or late, whoever they are for";
  finding.remedy =
      "first look at rule-cost and the checks on rules: what each packet costs is the usual "
      "reason; "
      "then net.core.netdev_max_backlog (1000) and net.core.netdev_budget (300), and more queues "
      "of "
      "the network card";
  findings.push_back(std::move(finding));
}

/// The share of packets' interrupts that a CPU had, for whom it helps to know.
std::string shareOf(const Evidence& evidence, std::uint64_t cpu) {
  const std::string* before = evidence.findFirst(kSoftirqs);
  const std::string* after = evidence.find(kSoftirqs);
  if (before == nullptr || after == nullptr) {
    return "";
  }
  const auto from = softirqs(*before, "NET_RX");
  const auto to = softirqs(*after, "NET_RX");
  std::uint64_t all = 0;
  std::uint64_t own = 0;
  for (std::size_t at = 0; at < from.size() && at < to.size(); ++at) {
    all += grown(from[at], to[at]);
    own += at == cpu ? grown(from[at], to[at]) : 0;
  }
  return all == 0 ? "" : fmt::format("{} % of NET_RX interrupts are its", percent(own, all));
}

void examineCpus(const Evidence& evidence, std::vector<Finding>& findings) {
  const std::string* before = evidence.findFirst(kStat);
  const std::string* after = evidence.find(kStat);
  if (before == nullptr || after == nullptr) {
    return;
  }
  const auto from = ticksOf(*before);
  const auto to = ticksOf(*after);
  for (const auto& [cpu, ticks] : to) {
    const auto old = from.find(cpu);
    const std::uint64_t all = old == from.end() ? 0 : grown(old->second.all, ticks.all);
    const double soft =
        old == from.end() ? 0 : static_cast<double>(grown(old->second.soft, ticks.soft));
    const double share = all < kLeastTicks ? 0 : soft / static_cast<double>(all);
    if (share < kBusyShare) {
      continue;
    }
    Finding finding;
    finding.severity = share >= kCriticalShare ? Severity::kCritical : Severity::kWarning;
    finding.subject = fmt::format("CPU {}", cpu);
    finding.summary =
        fmt::format("CPU {} spends {:.0f} % of its time in soft interrupts", cpu, share * 100);
    finding.evidence = {fmt::format("{:.0f} of {} ticks in {:.2f} s (/proc/stat)", soft, all,
                                    std::chrono::duration<double>(evidence.span()).count())};
    if (const std::string text = shareOf(evidence, cpu); !text.empty()) {
      finding.evidence.push_back(text);
    }
    finding.consequence =
        "all packets of this CPU's queues wait for it (ksoftirqd at 100 %), and what is scheduled "
        "there hardly runs";
    finding.remedy =
        "`perf top -C CPU` says where: ipt_do_table or nft_do_chain is the rules (see rule-cost), "
        "__nf_conntrack_find_get the connection table; else spread the load: queues of the network "
        "card, RPS (/sys/class/net/IFACE/queues/rx-*/rps_cpus)";
    findings.push_back(std::move(finding));
  }
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  examineLosses(evidence, findings);
  examineCpus(evidence, findings);
  return findings;
}

}  // namespace

const Check kSoftnet = {
    "softnet",
    "A CPU cannot keep up with packets",
    {
        "Packets are taken in by soft interrupts. If each of them costs too much (a million rules: "
        "100 ms), or all come to one CPU, the backlog of that CPU fills and packets are dropped "
        "before any rule has seen them.",
        "Between the two samples: `dropped` of `/proc/net/softnet_stat` (critical if it rises), "
        "`time_squeeze` (a warning from 100 a second), and the share of soft interrupts in each "
        "CPU's time in `/proc/stat`: a warning from 60 %, critical from 90 %. NET_RX of "
        "`/proc/softirqs` stands beside it.",
        "Packets of all kinds are lost or late.",
        "Nothing by itself: repair what makes packets expensive (rule-cost and the checks on "
        "rules).",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

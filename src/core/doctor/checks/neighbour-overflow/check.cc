#include "core/doctor/checks/neighbour-overflow/check.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

/// One table of the kernel. It is one for all network namespaces of the machine.
struct Table {
  std::string_view what;
  std::string_view stat;
  std::string_view folder;  ///< Of its bounds, below proc/sys/.
  bool v4;
};

constexpr std::array<Table, 2> kTables = {{
    {"ARP", "proc/net/stat/arp_cache", "net/ipv4/neigh/default", true},
    {"IPv6 neighbour", "proc/net/stat/ndisc_cache", "net/ipv6/neigh/default", false},
}};

constexpr Want kWants[] = {
    {"proc/net/stat/arp_cache", true},
    {"proc/net/stat/ndisc_cache", true},
    {"proc/sys/net/ipv4/neigh/default/gc_thresh3", false},
    {"proc/sys/net/ipv6/neigh/default/gc_thresh3", false},
    {names::kLinks, false},
};

constexpr std::uint64_t kWarnPercent = 80;
constexpr std::uint64_t kCriticalPercent = 95;
/// So that pods may double twice before anybody has to come back.
constexpr std::uint64_t kFactor = 4;
constexpr std::size_t kManySilent = 50;

/// Addresses that nobody answers for fill the table without being of any use.
void addSilent(const Evidence& evidence, const Table& table, Finding& finding) {
  const std::string* text = evidence.find(names::kLinks);
  const auto network = text == nullptr ? Result<Network>() : parseNetwork(*text);
  if (!network) {
    return;
  }
  std::map<std::uint32_t, std::size_t> silent;
  for (const Neighbour& one : network->neighbours) {
    if (one.silent() && one.address.isV4() == table.v4) {
      ++silent[one.interface];
    }
  }
  for (const auto& [index, count] : silent) {
    const Interface* interface = network->find(index);
    if (interface != nullptr && count >= kManySilent) {
      finding.evidence.push_back(
          fmt::format("{} of them are addresses behind {} that nobody answers for: something scans "
                      "or still sends to pods that are gone",
                      grouped(count), interface->name));
    }
  }
}

std::vector<Action> raise(const Table& table, std::uint64_t bound) {
  const std::uint64_t wanted = bound * kFactor;
  const auto name = [&](int number) { return fmt::format("{}/gc_thresh{}", table.folder, number); };
  // Downwards: a lower bound above a higher one means nothing.
  return {WriteSysctl{name(3), std::to_string(wanted)},
          WriteSysctl{name(2), std::to_string(wanted / 2)},
          WriteSysctl{name(1), std::to_string(wanted / 8)}};
}

void examine(const Evidence& evidence, const Table& table, std::vector<Finding>& findings) {
  const std::string* stat = evidence.find(table.stat);
  const auto bound = evidence.number(fmt::format("proc/sys/{}/gc_thresh3", table.folder));
  if (stat == nullptr || !bound || *bound <= 0) {
    return;
  }
  const auto limit = static_cast<std::uint64_t>(*bound);
  const std::uint64_t entries = cpuFirst(*stat, "entries").value_or(0);
  const std::uint64_t refused = cpuGrowth(evidence, table.stat, "table_fulls").value_or(0);
  const std::uint64_t filled = percent(entries, limit);
  if (refused == 0 && filled < kWarnPercent) {
    return;
  }
  Finding finding;
  finding.severity =
      refused > 0 || filled >= kCriticalPercent ? Severity::kCritical : Severity::kWarning;
  finding.subject = fmt::format("{}/gc_thresh3", table.folder);
  finding.summary = fmt::format("the {} table holds {} of {} entries ({} %)", table.what,
                                grouped(entries), grouped(limit), filled);
  if (refused > 0) {
    finding.evidence.push_back(
        fmt::format("{} packets found no room for their neighbour while we looked (table_fulls)",
                    grouped(refused)));
  }
  finding.evidence.push_back(
      fmt::format("{} since the machine started (table_fulls, all network namespaces together)",
                  grouped(cpuSum(*stat, "table_fulls").value_or(0))));
  addSilent(evidence, table, finding);
  finding.consequence =
      "packets to addresses without an entry are dropped, with ENOBUFS or \"neighbour: table "
      "overflow\" in the kernel's log: pods and nodes cannot be reached at random";
  finding.remedy = fmt::format(
      "make it last: {0}/gc_thresh1, gc_thresh2 and gc_thresh3 in /etc/sysctl.d; count one entry "
      "for each pod and node, in both directions",
      table.folder);
  finding.repair = raise(table, limit);
  findings.push_back(std::move(finding));
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  for (const Table& table : kTables) {
    examine(evidence, table, findings);
  }
  return findings;
}

}  // namespace

const Check kNeighbourOverflow = {
    "neighbour-overflow",
    "The table of neighbours (ARP, NDP) is full",
    {
        "The kernel keeps one table of neighbours for IPv4 and one for IPv6, which all network "
        "namespaces of the machine share: every pod that talks to another takes two entries. The "
        "default bound `gc_thresh3` is 1024, so a node fails at about 1,000 pods or addresses "
        "(e2b#3508); addresses that nobody answers for count too (kops#4533).",
        "`entries` of `/proc/net/stat/arp_cache` and `ndisc_cache` against `gc_thresh3`: a warning "
        "from 80 %, critical from 95 %, and critical if `table_fulls` rises between the two "
        "samples. The bounds exist in the machine's first network namespace only.",
        "Packets to addresses without an entry are dropped; which ones changes from minute to "
        "minute.",
        "Raises `gc_thresh3` to four times its value, `gc_thresh2` to half and `gc_thresh1` to an "
        "eighth of that, until the next boot. Put the values into `/etc/sysctl.d`.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

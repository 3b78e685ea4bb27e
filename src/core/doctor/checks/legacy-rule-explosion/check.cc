#include "core/doctor/checks/legacy-rule-explosion/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/count_text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/legacy_tables.h"
#include "core/doctor/processes.h"
#include "core/iptables/dump.h"
#include "core/iptables/owners.h"
#include "core/iptables/superfluous.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kLegacyTables, true},
                           {names::kLegacyRules4, false},
                           {names::kLegacyRules6, false},
                           {names::kProcesses, false}};

constexpr std::uint32_t kWarn = 10'000;
constexpr std::uint32_t kCritical = 100'000;
/// What one rule costs one packet that passes it.
constexpr double kMillisecondsPerRule = 120e-6;

std::vector<LegacyTable> tablesOf(const std::string* text) {
  const auto parsed =
      text == nullptr ? Result<std::vector<LegacyTable>>() : parseLegacyTables(*text);
  return parsed.value_or(std::vector<LegacyTable>());
}

bool isLarge(const LegacyTable& table) {
  return table.entries >= kWarn || table.bytes >= kLegacyMostBytes / 2;
}

/// "+120 in 0.5 s, 14,400 a minute; at this rate full in 3.2 h"; empty if it does not grow.
std::string growthOf(const LegacyTable& table, const Evidence& evidence) {
  const double seconds = std::chrono::duration<double>(evidence.span()).count();
  for (const LegacyTable& before : tablesOf(evidence.findFirst(names::kLegacyTables))) {
    if (before.family != table.family || before.name != table.name || seconds <= 0 ||
        before.entries >= table.entries || before.bytes >= table.bytes) {
      continue;
    }
    const double perSecond = (table.entries - before.entries) / seconds;
    const double left = static_cast<double>(kLegacyMostBytes) - table.bytes;
    return fmt::format("+{} entries in {:.2f} s, {:.0f} a minute; at this rate full in {:.1f} h",
                       table.entries - before.entries, seconds, perSecond * 60,
                       left * seconds / (table.bytes - before.bytes) / 3600);
  }
  return {};
}

/// Who may have written it, where the rules are too many to be read: those at work that write
/// legacy rules.
std::string writersOf(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kProcesses);
  const auto processes = text == nullptr ? Result<std::vector<Process>>() : parseProcesses(*text);
  std::map<std::string_view, const Process*> found;
  for (const Process& process : processes ? std::span(*processes) : std::span<const Process>()) {
    for (const iptables::Owner* owner : iptables::owners()) {
      const auto runs = [&](std::string_view name) { return process.name.starts_with(name); };
      if (std::ranges::any_of(owner->processes, runs)) {
        found.emplace(owner->name, &process);
      }
    }
  }
  std::string list;
  for (const auto& [owner, process] : found) {
    list += fmt::format("{}{} (a pid: {})", list.empty() ? "" : ", ", owner, process->pid);
  }
  return list;
}

void attribute(const LegacyTable& table, const std::string* text, Finding& finding) {
  const auto dump = text == nullptr ? Result<iptables::Dump>() : iptables::parseDump(*text);
  const iptables::Table* rules = dump ? dump->find(table.name) : nullptr;
  const TablePlace place{Backend::kLegacy, table.family == "ip6" ? IpFamily::kV6 : IpFamily::kV4,
                         table.name};
  if (rules == nullptr) {
    finding.evidence.emplace_back(
        "its rules were not read: the kernel can only copy the whole table");
    finding.repair.push_back(DedupeChain{place, ""});
    return;
  }
  const iptables::Chain* longest = nullptr;
  for (const iptables::Chain& chain : rules->chains) {
    longest = longest == nullptr || chain.rules.size() > longest->rules.size() ? &chain : longest;
    const auto may = iptables::superfluous(
        chain, [&](std::string_view name) { return rules->find(name) != nullptr; });
    const auto mayGo = std::ranges::count(may, true);
    if (mayGo > 0 && iptables::ownerOfChain(chain.name) != nullptr) {
      finding.evidence.push_back(fmt::format("{} of {} rules of {} are repetitions",
                                             grouped(static_cast<std::uint64_t>(mayGo)),
                                             grouped(chain.rules.size()), chain.name));
      finding.repair.push_back(DedupeChain{place, std::string(chain.name)});
    }
  }
  if (longest != nullptr) {
    finding.evidence.push_back(
        fmt::format("{} has {} rules", longest->name, grouped(longest->rules.size())));
    const iptables::Owner* owner = iptables::ownerOfChain(longest->name);
    finding.owner = owner == nullptr ? "" : std::string(owner->name);
  }
}

Finding findingOf(const LegacyTable& table, const Evidence& evidence) {
  Finding finding;
  const bool critical = table.entries >= kCritical || table.bytes >= kLegacyMostBytes / 2;
  finding.severity = critical ? Severity::kCritical : Severity::kWarning;
  finding.subject = fmt::format("{} {} (legacy)", table.family, table.name);
  const double percent = 100.0 * table.bytes / static_cast<double>(kLegacyMostBytes);
  finding.summary =
      fmt::format("legacy table {} {} has {} entries, {:.1f} % of the 512 MiB that it may have",
                  table.family, table.name, grouped(table.entries), percent);
  finding.evidence.push_back(
      fmt::format("{} entries, {} bytes", grouped(table.entries), grouped(table.bytes)));
  if (const std::string growth = growthOf(table, evidence); !growth.empty()) {
    finding.evidence.push_back(growth);
  }
  attribute(table,
            evidence.find(table.family == "ip6" ? names::kLegacyRules6 : names::kLegacyRules4),
            finding);
  if (finding.owner.empty()) {
    finding.owner = writersOf(evidence);
  }
  finding.consequence = fmt::format(
      "a packet that passes all rules takes {:.1f} ms; every iptables command copies the whole "
      "table "
      "under the xtables lock, about {:.1f} s for a -C; full, every insert fails",
      table.entries * kMillisecondsPerRule, table.entries * 2.3e-6);
  finding.remedy =
      "find why rules are written again: iptables versions that do not recognise each other's "
      "rules (iptables-check-lies), or two writers. Stop the writer, or duplicates come again";
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  for (const LegacyTable& table : tablesOf(evidence.find(names::kLegacyTables))) {
    if (isLarge(table)) {
      findings.push_back(findingOf(table, evidence));
    }
  }
  return findings;
}

}  // namespace

const Check kLegacyRuleExplosion = {
    "legacy-rule-explosion",
    "Too many rules in a legacy iptables table",
    {
        "Who ensures rules with `iptables -C` and then `-I` writes one more copy whenever -C says "
        "\"no\" wrongly; save and restore carry every copy on (kube-router#1676, k3s#3117). The "
        "kernel keeps at most 512 MiB in a legacy table, about a million rules.",
        "The kernel is asked for the entries and bytes of each table that exists "
        "(IPT_SO_GET_INFO: microseconds, no lock), twice. A warning from 10,000 entries, critical "
        "from 100,000 or half of 512 MiB. Rules are read up to 20,000 entries, to say which chain "
        "and whose.",
        "Each packet walks the rules, 75 to 165 ns each; each iptables command takes seconds under "
        "the xtables lock at a million rules, so that all writers queue.",
        "Takes the repetitions of rules with a known owner out, keeping the first: one replacement "
        "of the table under the xtables lock, counters carried over, no moment without the rules "
        "that stay. A table that was too large to be read is read for the plan.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

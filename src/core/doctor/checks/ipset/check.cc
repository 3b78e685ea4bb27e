#include "core/doctor/checks/ipset/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/ip_sets.h"
#include "core/doctor/proc_tables.h"
#include "core/doctor/processes.h"
#include "core/iptables/owners.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kIpSets, false}, {names::kProcesses, false}};

constexpr std::uint64_t kWarnPercent = 90;
/// kube-router fills its temporary sets one after the other: more than these are left over.
constexpr std::size_t kManyTemporary = 20;
constexpr std::size_t kShown = 5;

struct Prefix {
  std::string_view text;
  std::string_view owner;  ///< As in iptables::owners().
};

/// Who names its sets how. kube-router's for IPv6 begin with "inet6:".
constexpr auto kPrefixes = std::to_array<Prefix>({
    {"KUBE-SRC-", "kube-router"},
    {"KUBE-DST-", "kube-router"},
    {"kube-router-", "kube-router"},
    {"TMP-", "kube-router"},
    {"KUBE-CLUSTER-IP", "kube-proxy"},
    {"KUBE-LOOP-BACK", "kube-proxy"},
    {"KUBE-EXTERNAL-IP", "kube-proxy"},
    {"KUBE-LOAD-BALANCER", "kube-proxy"},
    {"KUBE-NODE-PORT", "kube-proxy"},
    {"KUBE-HEALTH-CHECK-NODE-PORT", "kube-proxy"},
    {"KUBE-IPVS-IPS", "kube-proxy"},
    {"cali40", "calico"},
    {"cali60", "calico"},
    {"cali4t", "calico"},
    {"cali6t", "calico"},
    {"weave-", "weave"},
});

/// nullptr: nobody that is known.
const iptables::Owner* ownerOf(std::string_view set) {
  if (set.starts_with("inet6:")) {
    set.remove_prefix(6);
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!set.starts_with(prefix.text)) {
      continue;
    }
    for (const iptables::Owner* owner : iptables::owners()) {
      if (owner->name == prefix.owner) {
        return owner;
      }
    }
  }
  return nullptr;
}

bool runs(const iptables::Owner& owner, const std::vector<Process>& processes) {
  return std::any_of(processes.begin(), processes.end(), [&](const Process& process) {
    return std::any_of(owner.processes.begin(), owner.processes.end(),
                       [&](std::string_view name) { return process.name.starts_with(name); });
  });
}

bool isTemporary(std::string_view set) {
  return set.starts_with("TMP-") || set.starts_with("inet6:TMP-");
}

void examineFill(const std::vector<IpSet>& sets, std::vector<Finding>& findings) {
  for (const IpSet& set : sets) {
    const std::uint64_t filled = percent(set.elements, set.maxElements);
    if (set.maxElements == 0 || filled < kWarnPercent) {
      continue;
    }
    Finding finding;
    const bool full = set.elements >= set.maxElements;
    finding.severity = full ? Severity::kCritical : Severity::kWarning;
    finding.subject = fmt::format("IP set {}", set.name);
    finding.summary = fmt::format("IP set {} holds {} of {} members ({} %)", set.name,
                                  grouped(set.elements), grouped(set.maxElements), filled);
    finding.evidence = {
        fmt::format("{}, {} references, {} bytes", set.type, set.references, grouped(set.memory))};
    const iptables::Owner* owner = ownerOf(set.name);
    finding.owner = owner == nullptr ? "" : std::string(owner->name);
    finding.consequence =
        "what comes next cannot be added (\"Hash is full, cannot add more elements\"): pods and "
        "Services that come now are missing from the rules, and often the whole sync fails";
    finding.remedy =
        "a set cannot grow beyond its maxelem: its owner has to make a larger one and swap them "
        "(Calico: maxIpsetSize; others have to be configured or mended)";
    findings.push_back(std::move(finding));
  }
}

Finding leftOver(const iptables::Owner& owner, const std::vector<std::string>& sets, bool alive) {
  Finding finding;
  finding.subject = fmt::format("IP sets of {}", owner.name);
  finding.owner = owner.name;
  finding.evidence.push_back(
      alive ? fmt::format("{} is at work, and has that many at the same time only by accident",
                          owner.name)
            : fmt::format("no process of {} runs on this node", owner.name));
  for (std::size_t at = 0; at < sets.size() && at < kShown; ++at) {
    finding.evidence.push_back(fmt::format("{}: 0 references", sets[at]));
  }
  finding.consequence =
      "they take memory and places of the table of sets; a set that comes back under the name of "
      "an "
      "old one may start with its members (kube-router#2059)";
  if (alive) {
    finding.summary =
        fmt::format("{} temporary IP sets of {} are left over", sets.size(), owner.name);
    finding.remedy = fmt::format("restart {}, then run the doctor again", owner.name);
  } else {
    finding.severity = Severity::kInfo;
    finding.summary = fmt::format("{} IP sets of {}, which does not run here, are used by nothing",
                                  sets.size(), owner.name);
    finding.remedy = "nothing else, unless the owner is only being restarted";
    finding.repair = {DestroyIpSets{sets}};
  }
  return finding;
}

void examineLeftovers(const std::vector<IpSet>& sets, const std::vector<Process>& processes,
                      std::vector<Finding>& findings) {
  std::map<const iptables::Owner*, std::vector<std::string>> unused;
  for (const IpSet& set : sets) {
    const iptables::Owner* owner = ownerOf(set.name);
    if (owner != nullptr && set.references == 0) {
      unused[owner].push_back(set.name);
    }
  }
  for (auto& [owner, all] : unused) {
    if (!runs(*owner, processes)) {
      findings.push_back(leftOver(*owner, all, false));
      continue;
    }
    std::erase_if(all, [](const std::string& name) { return !isTemporary(name); });
    if (all.size() >= kManyTemporary) {
      findings.push_back(leftOver(*owner, all, true));
    }
  }
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  const std::string* text = evidence.find(names::kIpSets);
  const auto sets = text == nullptr ? Result<std::vector<IpSet>>() : parseIpSets(*text);
  if (!sets) {
    return findings;
  }
  examineFill(*sets, findings);
  // Without the processes, or with few of them to be seen, nobody's absence is known.
  const std::string* list = evidence.find(names::kProcesses);
  const auto processes = list == nullptr ? Result<std::vector<Process>>() : parseProcesses(*list);
  if (processes && !processes->empty()) {
    examineLeftovers(*sets, *processes, findings);
  }
  return findings;
}

}  // namespace

const Check kIpSet = {
    "ipset",
    "IP sets that are full, or left over",
    {
        "Rules of kube-router, kube-proxy (IPVS), Calico and Weave look into IP sets. A set has a "
        "bound, `maxelem`, 65,536 unless its owner asked for more; and sets stay when their owner "
        "goes (kube-router#1072, #2059, calico#8193).",
        "The headers of all sets, by netlink, without members: a warning from 90 % of `maxelem`, "
        "critical when full. Sets with a known owner's name that nothing refers to while no "
        "process of the owner runs; 20 or more temporary sets (TMP-*) of kube-router at once.",
        "Pods and Services that do not fit are not in the rules; new pods are blocked by members "
        "of old sets.",
        "Destroys sets that nothing refers to and whose owner does not run here. They are saved "
        "with their members before, and made again by `--undo`. The kernel refuses to destroy a "
        "set that a rule uses. Nothing automatic for full sets.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

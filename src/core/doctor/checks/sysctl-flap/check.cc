#include "core/doctor/checks/sysctl-flap/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"
#include "core/doctor/sysctl_files.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kConntrackMax = "proc/sys/net/netfilter/nf_conntrack_max";
constexpr std::string_view kConntrackCount = "proc/sys/net/netfilter/nf_conntrack_count";

constexpr Want kWants[] = {
    {"proc/sys/net/ipv4/ip_forward", true},
    {"proc/sys/net/ipv4/conf/all/forwarding", true},
    {"proc/sys/net/ipv4/conf/all/rp_filter", true},
    {"proc/sys/net/ipv4/conf/all/route_localnet", true},
    {"proc/sys/net/ipv4/ip_local_port_range", true},
    {"proc/sys/net/ipv4/neigh/default/gc_thresh3", true},
    {"proc/sys/net/ipv6/conf/all/forwarding", true},
    {"proc/sys/net/bridge/bridge-nf-call-iptables", true},
    {kConntrackMax, true},
    {kConntrackCount, false},
    {kSysctlFolders[0], false},
    {kSysctlFolders[1], false},
    {kSysctlFolders[2], false},
    {kSysctlFolders[3], false},
    {kSysctlFolders[4], false},
    {kSysctlConf, false},
    {names::kLinks, false},
    {names::kNftChains, false},
    {names::kNftRules4, false},
    {names::kLegacyRules4, false},
};

std::string_view sysctlOf(std::string_view evidenceName) {
  constexpr std::string_view kRoot = "proc/sys/";
  return evidenceName.substr(kRoot.size());
}

void examineChanges(const Evidence& evidence, std::vector<Finding>& findings) {
  for (const Want& want : kWants) {
    const std::string* before = evidence.findFirst(want.name);
    const std::string* after = evidence.find(want.name);
    if (!want.twice || before == nullptr || after == nullptr || trim(*before) == trim(*after)) {
      continue;
    }
    Finding finding;
    finding.subject = sysctlOf(want.name);
    finding.summary = fmt::format("{} changed from {} to {} while we looked", finding.subject,
                                  trim(*before), trim(*after));
    finding.evidence = {fmt::format("two samples, {:.2f} s apart",
                                    std::chrono::duration<double>(evidence.span()).count())};
    finding.consequence =
        "two programs have different ideas of this parameter: whatever depends on it works and "
        "fails by turns";
    finding.remedy =
        "find the writers: systemd-sysctl, tuned, Docker, NetworkManager, kube-proxy and CNI "
        "plugins set parameters; `opensnoop-bpfcc | grep /proc/sys/net` shows who opens them";
    findings.push_back(std::move(finding));
  }
}

/// What the node needs, and which names set it: a file may use another one for the same thing.
struct Need {
  std::vector<std::string_view> names;
  std::string value;
  std::string why;
};

std::vector<Need> needsOf(const Evidence& evidence) {
  const Network network = networkOf(evidence);
  std::vector<Need> needs;
  if (forwardsForPods(network, IpFamily::kV4)) {
    needs.push_back({{"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"},
                     "1",
                     "containers of this node depend on forwarding"});
  }
  if (forwardsForPods(network, IpFamily::kV6)) {
    needs.push_back({{"net/ipv6/conf/all/forwarding"},
                     "1",
                     "containers of this node depend on IPv6 forwarding"});
  }
  if (servesServices(evidence) && !podBridges(network).empty()) {
    needs.push_back({{"net/bridge/bridge-nf-call-iptables"},
                     "1",
                     "pods on a bridge need their packets to pass the Services' rules"});
  }
  return needs;
}

/// The line that decides; nullptr if there is none.
const SysctlLine* lastOf(const std::vector<SysctlLine>& lines,
                         const std::vector<std::string_view>& names) {
  const auto it = std::find_if(lines.rbegin(), lines.rend(), [&](const SysctlLine& line) {
    return std::find(names.begin(), names.end(), line.name) != names.end();
  });
  return it == lines.rend() ? nullptr : &*it;
}

Finding undoing(const SysctlLine& line, const std::string& why) {
  Finding finding;
  finding.subject = line.name;
  finding.summary = fmt::format("{}:{} sets {} to {} at the next boot or `sysctl --system`",
                                line.file, line.line, line.name, line.value);
  finding.evidence = {why};
  finding.consequence = "the fault comes with the next boot, package upgrade or reload of sysctls";
  return finding;
}

/// A file that would make the connection table smaller than what is in it allows for.
void examineConntrackBound(const Evidence& evidence, const std::vector<SysctlLine>& lines,
                           std::vector<Finding>& findings) {
  const SysctlLine* line =
      lastOf(lines, {"net/netfilter/nf_conntrack_max", "net/nf_conntrack_max"});
  const std::int64_t bound = line == nullptr ? 0 : parseInt(line->value).value_or(0);
  const std::int64_t count = evidence.number(kConntrackCount).value_or(0);
  const std::int64_t now = evidence.number(kConntrackMax).value_or(0);
  if (bound <= 0 || now <= bound || count < bound / 5 * 4) {
    return;
  }
  Finding finding = undoing(*line, fmt::format("the table holds {} entries now", count));
  finding.remedy = "raise it in that file";
  findings.push_back(std::move(finding));
}

void examineFiles(const Evidence& evidence, std::vector<Finding>& findings) {
  const auto lines = sysctlLines(evidence);
  const auto needs = needsOf(evidence);
  for (const Need& need : needs) {
    const SysctlLine* line = lastOf(lines, need.names);
    if (line != nullptr && line->value != need.value) {
      Finding finding = undoing(*line, need.why);
      finding.remedy = fmt::format(
          "change that line, or put \"{} = {}\" into a file of /etc/sysctl.d that "
          "comes behind it",
          need.names.front(), need.value);
      findings.push_back(std::move(finding));
    }
  }
  examineConntrackBound(evidence, lines, findings);
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  examineChanges(evidence, findings);
  examineFiles(evidence, findings);
  return findings;
}

}  // namespace

const Check kSysctlFlap = {
    "sysctl-flap",
    "A kernel parameter changes back and forth, or will at the next boot",
    {
        "Several programs set the same kernel parameters: systemd-sysctl, tuned, Docker, "
        "NetworkManager, kube-proxy, CNI plugins, hardening scripts. What one needs another takes "
        "away, at once or at the next boot.",
        "Nine parameters that forwarding and Services depend on, in two samples: a finding if one "
        "differs. And the files of `sysctl.d(5)` in their order of precedence with "
        "`/etc/sysctl.conf` last: a finding if the line that stands in the end takes away what the "
        "node needs (forwarding for containers, `bridge-nf-call-iptables` for pods on a bridge, "
        "room for the connections there are), with file and line.",
        "Traffic works and fails by turns, or fails after the next reboot or upgrade.",
        "Nothing automatic: a person decides which program is right. The finding names file and "
        "line.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

#include "core/doctor/checks/iptables-check-lies/check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/iptables_binaries.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kIptablesBinaries, false}};

std::string nameOf(const IptablesBinary& binary) {
  return fmt::format("{} {} ({}) of {}", binary.path, binary.version, binary.backend, binary.user);
}

/// The rules of a list whose character is `which`.
std::vector<std::string> rulesWith(std::string_view answers, char which,
                                   std::span<const std::string_view> rules) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < answers.size() && i < rules.size(); ++i) {
    if (answers[i] == which) {
      found.emplace_back(rules[i]);
    }
  }
  return found;
}

Finding notFound(const IptablesBinary& writer, const IptablesBinary& checker,
                 const std::vector<std::string>& rules) {
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = checker.path;
  finding.summary =
      fmt::format("{} does not recognise {} of {} rules that {} wrote", nameOf(checker),
                  rules.size(), canaryRules().size(), &writer == &checker ? "it" : nameOf(writer));
  for (const std::string& rule : rules) {
    finding.evidence.push_back("-C says that this rule is not there: " + rule);
  }
  finding.owner = checker.user;
  finding.consequence =
      "whoever asks with -C and then inserts writes one more copy at every sync, until packets "
      "walk a million rules";
  finding.remedy =
      "use one version of iptables on the node: the host's in every container (or K3s' "
      "--prefer-bundled-bin), 1.8.9 or newer than 1.8.11. Only then take the duplicates out";
  return finding;
}

Finding phantom(const IptablesBinary& checker, const std::vector<std::string>& rules) {
  Finding finding;
  finding.severity = Severity::kWarning;
  finding.subject = checker.path;
  finding.summary = fmt::format("{} finds rules that are not there", nameOf(checker));
  for (const std::string& rule : rules) {
    finding.evidence.push_back("-C says that this rule is there: " + rule);
  }
  finding.owner = checker.user;
  finding.consequence = "rules that are missing are never written again";
  finding.remedy = "replace this version of iptables; 1.8.9 does not have the fault";
  return finding;
}

Finding rewrites(const IptablesBinary& writer, const IptablesBinary& saver) {
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = saver.path;
  finding.summary = fmt::format("iptables-save of {} prints other rules than {} wrote",
                                nameOf(saver), nameOf(writer));
  finding.evidence = {"the same six rules, saved by both, differ"};
  finding.owner = saver.user;
  finding.consequence =
      "who saves and restores whole tables with it rewrites rules of others: a lost mark match "
      "drops everything, a lost port opens all";
  finding.remedy = "use one version of iptables on the node";
  return finding;
}

/// Versions of the nf_tables back-end that are known for it; nullptr of others.
const char* knownFault(const IptablesBinary& binary) {
  constexpr std::string_view kSeries = "1.8.";
  constexpr std::uint64_t kOther = 999;
  if (binary.backend != "nf_tables" || !binary.version.starts_with(kSeries)) {
    return nullptr;
  }
  const std::uint64_t patch = parseUint(binary.version.substr(kSeries.size())).value_or(kOther);
  if (patch <= 4) {
    return "1.8.0 to 1.8.4: -C does not find rules that are there (k3s#3117, kubernetes#82361)";
  }
  if (patch == 10) {
    return "1.8.10: -C fails at times on Alpine (kube-router#1676)";
  }
  return patch == 11 ? "1.8.11: -C ignores interfaces, and finds rules that are not there"
                     : nullptr;
}

Finding knownBad(const IptablesBinary& binary, const char* fault) {
  Finding finding;
  finding.severity = Severity::kWarning;
  finding.subject = binary.path;
  finding.summary =
      fmt::format("{} is a version that is known to answer -C wrongly", nameOf(binary));
  finding.evidence = {fault};
  finding.owner = binary.user;
  finding.consequence = "rules may be written again and again, or never";
  finding.remedy = "replace it by 1.8.9, or by one newer than 1.8.11";
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kIptablesBinaries);
  const auto all = text == nullptr ? Result<IptablesBinaries>() : parseIptablesBinaries(*text);
  std::vector<Finding> findings;
  if (!all) {
    return findings;
  }
  for (const IptablesTruth& truth : all->truths) {
    const IptablesBinary& writer = all->binaries[truth.writer];
    const IptablesBinary& checker = all->binaries[truth.checker];
    if (const auto rules = rulesWith(truth.found, '0', canaryRules()); !rules.empty()) {
      findings.push_back(notFound(writer, checker, rules));
    }
    if (const auto rules = rulesWith(truth.phantoms, '1', phantomRules()); !rules.empty()) {
      findings.push_back(phantom(checker, rules));
    }
    if (!truth.savesAlike) {
      findings.push_back(rewrites(writer, checker));
    }
  }
  for (const IptablesBinary& binary : all->binaries) {
    if (const char* fault = knownFault(binary)) {
      findings.push_back(knownBad(binary, fault));
    }
  }
  return findings;
}

}  // namespace

const Check kIptablesCheckLies = {
    "iptables-check-lies",
    "iptables -C does not recognise the node's rules",
    {
        "Who ensures rules asks `iptables -C` and inserts if it says \"no\". iptables-nft 1.8.0 to "
        "1.8.4 and 1.8.10 say so wrongly, and an older binary does not know what a newer one wrote "
        "(1.8.7 against 1.8.8: -d /16, mark, udp multiport), such as a container's beside the "
        "host's (kube-router#1370, kubernetes#112477). 1.8.11 says \"yes\" wrongly where only the "
        "interface differs.",
        "The node's own iptables binaries, in PATH, in K3s' bundle and in the containers of "
        "kube-router, kube-proxy and CNI plugins, and their versions. In a network namespace made "
        "for this each writes six rules, each of the same back-end is asked for them and for two "
        "that are not there, and what their iptables-save prints is compared.",
        "One more copy of each rule at every sync, for months; or rules of others that are "
        "rewritten by save and restore.",
        "Nothing by itself: put one version on the node, then `hitless doctor --fix`.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

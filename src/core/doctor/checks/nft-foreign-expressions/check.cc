#include "core/doctor/checks/nft-foreign-expressions/check.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "core/doctor/evidence_names.h"
#include "core/iptables/dump.h"
#include "core/iptables/owners.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kNftRules4, false}, {names::kNftRules6, false}};

/// What the doctor writes for an expression that iptables has no words for.
constexpr std::string_view kForeign = "-m nft --expr ";
constexpr std::size_t kShown = 5;

void addRule(const iptables::Chain& chain, const iptables::RuleText& rule, Finding& finding,
             std::size_t& count) {
  if (++count <= kShown) {
    finding.evidence.push_back(fmt::format("-A {} {}", chain.name, rule.text));
  }
  if (finding.owner.empty()) {
    const iptables::Owner* owner = iptables::ownerOfRule(chain.name, rule);
    finding.owner = owner == nullptr ? "" : owner->name;
  }
}

void look(std::string_view family, const iptables::Table& table, std::vector<Finding>& findings) {
  Finding finding;
  std::size_t count = 0;
  for (const iptables::Chain& chain : table.chains) {
    for (const iptables::RuleText& rule : chain.rules) {
      if (rule.text.find(kForeign) != std::string_view::npos) {
        addRule(chain, rule, finding, count);
      }
    }
  }
  if (count == 0) {
    return;
  }
  if (count > kShown) {
    finding.evidence.push_back(fmt::format("and {} more", grouped(count - kShown)));
  }
  finding.severity = Severity::kWarning;
  finding.subject = fmt::format("{} {}", family, table.name);
  finding.summary = fmt::format("{} rules in iptables' table {} {} are not iptables'",
                                grouped(count), family, table.name);
  finding.consequence =
      "iptables-nft cannot read the table: commands end with \"table is incompatible, use 'nft' "
      "tool\" or \"cmp sreg undef\", and kube-proxy, kube-router or K3s stop writing their rules, "
      "some in a crash loop";
  finding.remedy = fmt::format(
      "have whoever wrote them use a table of its own (nft add table {} NAME); until then: nft -a "
      "list table {} {}, and nft delete rule {} {} CHAIN handle N",
      family, family, table.name, family, table.name);
  findings.push_back(std::move(finding));
}

std::vector<Finding> run(const Evidence& evidence) {
  struct File {
    std::string_view family;
    std::string_view name;
  };
  std::vector<Finding> findings;
  for (const File& file : {File{"ip", names::kNftRules4}, File{"ip6", names::kNftRules6}}) {
    const std::string* text = evidence.find(file.name);
    const auto dump =
        text == nullptr ? Result<iptables::Dump>(invalid("unread")) : iptables::parseDump(*text);
    for (std::size_t i = 0; dump && i < dump->tables.size(); ++i) {
      look(file.family, dump->tables[i], findings);
    }
  }
  return findings;
}

}  // namespace

const Check kNftForeignExpressions = {
    "nft-foreign-expressions",
    "Native nftables rules inside iptables' tables",
    {
        "On the nf_tables back-end iptables' tables are tables like others, called `ip filter`, "
        "`ip "
        "nat` and so on. A program that adds native rules there (netbird did: k3s#11493, "
        "kube-router#1777) writes what iptables-nft cannot read.",
        "The rules of iptables-nft's tables, read by netlink, up to 2,000 of each chain. What "
        "iptables has no words for reads as `-m nft --expr \"...\"`: verdict maps, sets, "
        "comparisons "
        "of what iptables never loads. One such rule is a finding.",
        "Every iptables-nft command on that table fails, and with it whoever calls it: kube-proxy "
        "and kube-router no longer follow the cluster, K3s goes into a crash loop.",
        "None: only who wrote the rules knows what they are for. The finding shows them and says "
        "how to take them out.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor

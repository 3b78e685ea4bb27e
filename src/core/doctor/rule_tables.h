#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/doctor/check.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/nft_chains.h"
#include "core/iptables/dump.h"

namespace hitless::doctor {

/// What readRules() looks at.
inline constexpr Want kRuleWants[] = {{names::kNftRules4},
                                      {names::kNftRules6},
                                      {names::kLegacyRules4},
                                      {names::kLegacyRules6},
                                      {names::kNftChains}};
/// And what Living looks at.
inline constexpr Want kOwnedRuleWants[] = {
    {names::kNftRules4}, {names::kNftRules6}, {names::kLegacyRules4}, {names::kLegacyRules6},
    {names::kNftChains}, {names::kProcesses}, {names::kLinks}};

/// One table of iptables and who leads to whom in it. Cheap for a million rules: the text of a rule
/// is looked through once for its target.
class RuleTable {
 public:
  RuleTable(TablePlace place, std::shared_ptr<const iptables::Dump> dump,
            const iptables::Table* table);

  const TablePlace& place() const { return place_; }
  const std::vector<iptables::Chain>& chains() const { return table_->chains; }
  const iptables::Chain* find(std::string_view chain) const;
  bool isChain(std::string_view name) const { return find(name) != nullptr; }
  /// "ip filter KUBE-FORWARD (nft)"
  std::string text(std::string_view chain) const;

  /// Every rule of every chain was read.
  bool whole() const { return whole_; }
  /// Chains with a rule, among those that were read, that leads to this one.
  const std::vector<const iptables::Chain*>& from(std::string_view chain) const;
  bool leads(std::string_view from, std::string_view to) const;
  /// Directly or through other chains.
  bool leadsSomehow(std::string_view from, std::string_view to) const;
  /// A packet can get there from a built-in chain, by what was read.
  bool reached(std::string_view chain) const;
  /// Certain also where the table was read in part: nobody leads here (the kernel counts uses).
  bool lonely(std::string_view chain) const;

  /// The kernel's count of the chain's rules and what leads there; nft only.
  void setUse(std::string_view chain, std::uint32_t use);

 private:
  void index();
  void walk(const iptables::Chain& from);

  struct Node {
    const iptables::Chain* chain = nullptr;
    std::vector<const iptables::Chain*> from;
    std::vector<std::string_view> to;  ///< Each once.
    bool reached = false;
    std::optional<std::uint32_t> use;
  };

  TablePlace place_;
  std::shared_ptr<const iptables::Dump> dump_;  ///< Keeps the text alive.
  const iptables::Table* table_;
  bool whole_ = true;
  std::unordered_map<std::string_view, Node> nodes_;
};

/// All tables of both back-ends and families in the evidence. What cannot be read is left out.
std::vector<RuleTable> readRules(const Evidence& evidence);

/// kNftChains; empty if it is not there or cannot be read.
std::vector<NftChain> readChains(const Evidence& evidence);

}  // namespace hitless::doctor

#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_hash.h"
#include "core/nft/dataplane.h"
#include "core/policy/book.h"
#include "core/policy/rejudge.h"
#include "core/rules/element_count.h"
#include "core/rules/policy_table.h"

namespace hitless::rules {

struct PolicyReceipt {
  bool full = false;       ///< The kernel was read back and compared with everything.
  nft::Receipt dataplane;  ///< All zero if nothing had to change.
  policy::Doubt doubt;     ///< Whose connections may not be allowed any more.
  /// The same of addresses that nobody has any more, or whose pod has ended or has sent nothing
  /// yet: until somebody uses them, there is time.
  std::set<IpAddress> left;
};

/// Keeps the table of the policies equal to the book, at a cost that follows the change. What it
/// has applied is a function of the book alone: the table of an agent that has seen a cluster come
/// and go is that of one that has just started.
class PolicyProgrammer {
 public:
  /// Both must outlive this object.
  PolicyProgrammer(nft::Dataplane& dataplane, policy::Book& book, PolicyTableOptions options)
      : dataplane_(dataplane), book_(book), options_(std::move(options)) {}

  /// Brings the data plane to what the book says. After an error nothing is trusted, and the next
  /// sync reads everything back.
  Result<PolicyReceipt> sync();
  void distrust() { trusted_ = false; }

  /// The table as it should be.
  nft::Ruleset wanted() const;
  /// How many addresses of this node's pods any policy isolates.
  std::size_t isolated() const { return isolated_; }
  /// How many rules the table has.
  std::size_t rules() const { return rules_; }
  /// How many elements all of its sets and maps have.
  std::size_t elements() const { return elements_.total(); }

 private:
  using Holders = std::unordered_map<IpAddress, policy::Holder, IpAddressHash>;
  struct Change;

  Result<PolicyReceipt> syncFull();
  Result<PolicyReceipt> syncIncremental(policy::Book::News news);
  Change planChange(const policy::Book::News& news) const;
  void planAddress(Change& change, const IpAddress& address) const;
  void planChains(Change& change) const;
  void doubtPolicies(Change& change, const std::set<policy::PolicyKey>& policies) const;
  void commit(Change change);
  void countRules();
  void adoptBook();
  nft::Ruleset frame() const {
    return policyFrame(book_.policies(), {book_.podNetworks(), book_.ownNetworks()}, options_);
  }

  nft::Dataplane& dataplane_;
  policy::Book& book_;
  PolicyTableOptions options_;
  bool trusted_ = false;
  nft::Ruleset frame_;    ///< As applied.
  bool policed_ = false;  ///< There was any policy.
  Holders holders_;       ///< As applied.
  /// A chain that addresses are led to.
  struct Use {
    std::size_t addresses = 0;
    nft::Chain chain;
  };
  std::unordered_map<std::string, Use> uses_;  ///< By the chain's name.
  std::size_t isolated_ = 0;
  std::size_t rules_ = 0;
  ElementCount elements_;
};

}  // namespace hitless::rules

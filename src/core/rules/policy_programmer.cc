#include "core/rules/policy_programmer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/nft/diff.h"

namespace hitless::rules {
namespace {

using policy::Direction;
using policy::Holder;

void addIsolations(nft::Ruleset& out, const IpAddress& address, const Holder& holder) {
  for (nft::Chain& chain : isolationsOf(address, holder)) {
    std::string name = chain.spec.name;
    out.chains.try_emplace(std::move(name), std::move(chain));
  }
}

/// A diff of some elements needs to see the definition of their sets on both sides; only sets that
/// come or go are on one.
void define(nft::Ruleset& side, const nft::Ruleset& frame, const nft::Ruleset& other) {
  std::set<std::string> all;
  for (const nft::Ruleset* ruleset : {&std::as_const(side), &other}) {
    for (const auto& [name, set] : ruleset->sets) {
      all.insert(name);
    }
  }
  for (const std::string& name : all) {
    if (const auto defined = frame.sets.find(name); defined != frame.sets.end()) {
      side.sets[name].spec = defined->second.spec;
    }
  }
}

/// Elements of sets that the frame does not have are not there.
void dropUndefined(nft::Ruleset& side) {
  std::erase_if(side.sets, [](const auto& entry) { return entry.second.spec.name.empty(); });
}

/// Whether a selector that some rule still asks finds the holder no more.
bool lostPeers(const Holder& before, const Holder& after, const policy::Policies& policies) {
  const auto& still = after.cls->peers;
  return std::any_of(before.cls->peers.begin(), before.cls->peers.end(),
                     [&](const std::string& id) {
                       return !std::binary_search(still.begin(), still.end(), id) &&
                              policies.selectors().contains(id);
                     });
}

/// Whether what was allowed to, or by, the address may not be any more; what the policies
/// themselves have changed is not asked here.
bool tightened(const Holder& before, const Holder& after, const policy::Policies& policies) {
  if (before.cls == nullptr) {
    return false;  // Nothing was allowed.
  }
  if (before.uid != after.uid || before.local != after.local || before.ports != after.ports) {
    return true;
  }
  return before.cls->isolating != after.cls->isolating || lostPeers(before, after, policies);
}

}  // namespace

struct PolicyProgrammer::Change {
  nft::Ruleset before;
  nft::Ruleset after;
  std::optional<nft::Ruleset> frame;  ///< If it is another one.
  std::map<IpAddress, std::optional<Holder>> holders;
  struct Delta {
    nft::Chain chain;
    std::int64_t addresses = 0;
  };
  std::map<std::string, Delta> uses;  ///< By the chain's name.
  policy::Doubt doubt;
  std::set<IpAddress> left;

  void count(std::vector<nft::Chain> chains, std::int64_t addresses) {
    for (nft::Chain& chain : chains) {
      Delta& delta = uses[chain.spec.name];
      delta.addresses += addresses;
      delta.chain = std::move(chain);
    }
  }
};

nft::Ruleset PolicyProgrammer::wanted() const {
  nft::Ruleset out = frame();
  for (const IpAddress& address : book_.addresses()) {
    if (const auto holder = book_.holder(address)) {
      addHolder(out, address, *holder);
      addIsolations(out, address, *holder);
    }
  }
  return out;
}

Result<PolicyReceipt> PolicyProgrammer::sync() {
  policy::Book::News news = book_.take();
  return trusted_ ? syncIncremental(std::move(news)) : syncFull();
}

/// Takes over who holds what from the book.
void PolicyProgrammer::adoptBook() {
  holders_.clear();
  uses_.clear();
  isolated_ = 0;
  for (const IpAddress& address : book_.addresses()) {
    auto holder = book_.holder(address);
    if (!holder) {
      continue;
    }
    for (nft::Chain& chain : isolationsOf(address, *holder)) {
      Use& use = uses_[chain.spec.name];
      use = {use.addresses + 1, std::move(chain)};
    }
    isolated_ += holder->isolated() ? 1 : 0;
    holders_.emplace(address, std::move(*holder));
  }
  frame_ = frame();
  policed_ = !book_.policies().all().empty();
  countRules();
}

Result<PolicyReceipt> PolicyProgrammer::syncFull() {
  trusted_ = false;
  const nft::Ruleset applied = TRY(dataplane_.read());
  adoptBook();
  PolicyReceipt receipt{true, {}, {true, {}}, {}};
  const nft::Ruleset all = wanted();
  receipt.dataplane = TRY(nft::applyInTwo(dataplane_, nft::diff(applied, all)));
  elements_.startWith(all);
  trusted_ = true;
  return receipt;
}

void PolicyProgrammer::planAddress(Change& change, const IpAddress& address) const {
  const auto applied = holders_.find(address);
  const Holder* before = applied == holders_.end() ? nullptr : &applied->second;
  std::optional<Holder> after = book_.holder(address);
  if (before == nullptr ? !after : after && *before == *after) {
    return;
  }
  if (before != nullptr) {
    addHolder(change.before, address, *before);
    change.count(isolationsOf(address, *before), -1);
  }
  if (after) {
    addHolder(change.after, address, *after);
    change.count(isolationsOf(address, *after), +1);
  }
  if (!after || after->cls == nullptr || (before == nullptr && after->claimed)) {
    change.left.insert(address);
  } else if (before == nullptr ? after->isolated() : tightened(*before, *after, book_.policies())) {
    change.doubt.addresses.insert(address);
  }
  change.holders.emplace(address, std::move(after));
}

/// What isolates pods that unrelated policies select comes and goes with the pods.
void PolicyProgrammer::planChains(Change& change) const {
  const nft::Ruleset& next = change.frame ? *change.frame : frame_;
  const auto consider = [&](const nft::Chain& chain, std::int64_t delta) {
    const std::string& name = chain.spec.name;
    const auto used = uses_.find(name);
    const std::int64_t count =
        used == uses_.end() ? 0 : static_cast<std::int64_t>(used->second.addresses);
    if (count > 0 && !frame_.chains.contains(name)) {
      change.before.chains.try_emplace(name, chain);
    }
    if (count + delta > 0 && !next.chains.contains(name)) {
      change.after.chains.try_emplace(name, chain);
    }
  };
  for (const auto& [name, use] : change.uses) {
    consider(use.chain, use.addresses);
  }
  // What selectors implied before, or imply now, may be in use all the same.
  for (const auto& [name, use] : uses_) {
    if (change.frame && !change.uses.contains(name)) {
      consider(use.chain, 0);
    }
  }
}

/// The rules of these policies may allow less than before. Pods of other nodes count: where a
/// connection was translated, it is this node that can tell its client.
void PolicyProgrammer::doubtPolicies(Change& change,
                                     const std::set<policy::PolicyKey>& policies) const {
  if (policies.empty()) {
    return;
  }
  std::unordered_map<const policy::PodClass*, bool> concerned;
  const auto concerns = [&](const policy::PodClass& cls) {
    return std::any_of(cls.isolating.begin(), cls.isolating.end(), [&](const auto& keys) {
      return std::any_of(keys.begin(), keys.end(),
                         [&](const policy::PolicyKey& key) { return policies.contains(key); });
    });
  };
  for (const auto& [address, holder] : holders_) {
    if (holder.cls == nullptr) {
      continue;
    }
    const auto [known, fresh] = concerned.try_emplace(holder.cls.get());
    if (fresh) {
      known->second = concerns(*holder.cls);
    }
    if (known->second) {
      change.doubt.addresses.insert(address);
    }
  }
}

PolicyProgrammer::Change PolicyProgrammer::planChange(const policy::Book::News& news) const {
  Change change;
  if (!news.policies.empty() || news.networks) {
    change.frame = frame();
    // What went to addresses that no pod had was let through as long as there was no policy.
    change.doubt.all = news.networks || (!policed_ && !book_.policies().all().empty());
    change.before = frame_;
    change.after = *change.frame;
  } else {
    change.before.table = frame_.table;
    change.after.table = frame_.table;
  }
  for (const IpAddress& address : news.addresses) {
    planAddress(change, address);
  }
  planChains(change);
  doubtPolicies(change, news.policies);
  define(change.before, frame_, change.after);
  define(change.after, change.frame ? *change.frame : frame_, change.before);
  dropUndefined(change.before);
  dropUndefined(change.after);
  return change;
}

void PolicyProgrammer::commit(Change change) {
  const bool chains = change.frame || !change.uses.empty();
  elements_.follow(change.before, change.after);
  if (change.frame) {
    frame_ = std::move(*change.frame);
    policed_ = !book_.policies().all().empty();
  }
  for (auto& [address, holder] : change.holders) {
    if (const auto before = holders_.find(address); before != holders_.end()) {
      isolated_ -= before->second.isolated() ? 1 : 0;
      holders_.erase(before);
    }
    if (holder) {
      isolated_ += holder->isolated() ? 1 : 0;
      holders_.emplace(address, std::move(*holder));
    }
  }
  for (const auto& [name, use] : change.uses) {
    const auto count = static_cast<std::int64_t>(uses_[name].addresses) + use.addresses;
    if (count > 0) {
      uses_[name] = {static_cast<std::size_t>(count), use.chain};
    } else {
      uses_.erase(name);
    }
  }
  if (chains) {
    countRules();
  }
}

void PolicyProgrammer::countRules() {
  rules_ = 0;
  for (const auto& [name, chain] : frame_.chains) {
    rules_ += chain.rules.size();
  }
  for (const auto& [name, use] : uses_) {
    rules_ += frame_.chains.contains(name) ? 0 : use.chain.rules.size();
  }
}

Result<PolicyReceipt> PolicyProgrammer::syncIncremental(policy::Book::News news) {
  Change change = planChange(news);
  PolicyReceipt receipt;
  trusted_ = false;  // Until all of it is done.
  receipt.dataplane = TRY(nft::applyInTwo(dataplane_, nft::diff(change.before, change.after)));
  trusted_ = true;
  receipt.doubt = std::move(change.doubt);
  receipt.left = std::move(change.left);
  commit(std::move(change));
  return receipt;
}

}  // namespace hitless::rules

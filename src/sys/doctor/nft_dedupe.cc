#include "sys/doctor/nft_dedupe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "core/doctor/nft/dedupe_undo.h"
#include "sys/doctor/nft_reader.h"

namespace hitless::sys {
namespace {

/// A step costs a copy of the chain at its commit, some 0.3 us for each rule that is left, and a
/// walk of half the window for each deletion, some 3 ns for each rule walked over: the sum is least
/// where the window is about the square root of 200 times the chain's length.
constexpr double kWindowFactor = 200;
constexpr std::size_t kLeastWindow = 500;
constexpr std::size_t kMostWindow = 15'000;
/// With this many rules that stay the walks become long, and the chain has another trouble.
constexpr std::size_t kMostStaying = 60'000;
constexpr std::size_t kMostRefusals = 400;
constexpr std::size_t kMostAnchors = 1'000;
/// What one rule takes when it is put back.
constexpr std::size_t kRuleBytes = 1024;

}  // namespace

NftDedupe::NftDedupe(NftCommitter& committer, nft::ChainPlace place, doctor::UndoLog& log)
    : committer_(committer), place_(std::move(place)), log_(log) {}

Status NftDedupe::readChain() {
  const auto chains = TRY(readNftChains(committer_.socket(), place_.family));
  bool there = false;
  for (const nft::ForeignChain& chain : chains) {
    if (chain.chain.table == place_.table) {
      chains_[chain.chain.name] = true;
      if (chain.chain.name == place_.chain) {
        there = true;
        left_ = chain.chain.use;
      }
    }
  }
  return there ? Status{}
               : fail(ErrorKind::kNotFound,
                      fmt::format("there is no chain {} in {}", place_.chain, place_.table));
}

std::size_t NftDedupe::window() const {
  const auto best = static_cast<std::size_t>(std::sqrt(kWindowFactor * static_cast<double>(left_)));
  const std::size_t bytes = std::max<std::size_t>(committer_.maxBytes() / kRuleBytes, 1);
  const std::size_t most = std::min(kMostWindow, bytes);
  return std::max<std::size_t>(std::clamp(best, std::min(kLeastWindow, most), most) >> narrowed_,
                               64);
}

Result<DedupeOutcome> NftDedupe::run() {
  TRY_VOID(readChain());
  while (TRY(step()) == Step::kMore) {
  }
  return outcome_;
}

Result<NftDedupe::Step> NftDedupe::step() {
  const nft::Generation generation = TRY(readNftGeneration(committer_.socket()));
  const RuleHead head = TRY(readRuleHead(place_, stayed_ + window(), WhenInterrupted::kStop));
  const nft::DedupePlan plan =
      nft::planDedupe(head.rules, [&](std::string_view name) { return chains_.contains(name); });
  for (const nft::RawRule& rule : plan.distinct) {
    outcome_.kept.emplace(nft::contentOf(rule), rule);
  }
  if (plan.goneCount == 0) {
    TRY_VOID(lookFurther(head.rules.size(), head.whole, head.interrupted));
    return head.whole ? Step::kDone : Step::kMore;
  }
  TRY_VOID(record(generation.id, head.rules, plan));
  nft::ForeignBatch batch = batchFor(generation.id, plan);
  for (std::size_t i = 0; i < head.rules.size(); ++i) {
    if (plan.goes[i]) {
      batch.deleteRule(place_, head.rules[i].handle);
    }
  }
  TRY_VOID(commit(batch, plan.goneCount));
  if (refusals_ == 0) {
    stayed_ = head.rules.size() - plan.goneCount;
  }
  return Step::kMore;
}

/// What others commit meanwhile matters only as far as it can change what may go. Where that is the
/// loss of a rule that stays for others, its presence is all that the transaction asks for.
nft::ForeignBatch NftDedupe::batchFor(std::uint32_t generation, const nft::DedupePlan& plan) {
  if (!plan.independent || plan.anchors.size() > kMostAnchors) {
    return committer_.begin(generation);
  }
  nft::ForeignBatch batch = committer_.begin(0);
  for (const std::uint64_t anchor : plan.anchors) {
    batch.expectRule(place_, anchor);
  }
  return batch;
}

Status NftDedupe::lookFurther(std::size_t rules, bool whole, bool interrupted) {
  if (interrupted && ++refusals_ > kMostRefusals) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("{} {} could not be read to its end: others commit all the time",
                            place_.table, place_.chain),
                "stop who writes first: see nft-rule-explosion");
  }
  stayed_ = interrupted ? stayed_ : rules;
  if (whole || stayed_ <= kMostStaying) {
    return {};
  }
  return fail(ErrorKind::kUnsupported,
              fmt::format("the first {} rules of {} are there to stay: it does not consist of "
                          "repetitions",
                          stayed_, place_.chain),
              "ask its owner why it writes so many");
}

Status NftDedupe::record(std::uint32_t generation, std::span<const nft::RawRule> rules,
                         const nft::DedupePlan& plan) {
  if (round_.empty()) {
    round_ = fmt::format("{}/{}/{}", place_.table, place_.chain, generation);
  }
  const nft::DedupeUndo undo = nft::dedupeUndo(place_, rules, plan, round_);
  // A second attempt at the same rules needs no second entry.
  const auto about = std::pair(undo.firstGone, plan.goneCount);
  if (about != recorded_) {
    TRY_VOID(log_.record({"nft", nft::render(undo)}));
    recorded_ = about;
  }
  return {};
}

Status NftDedupe::commit(nft::ForeignBatch& batch, std::size_t deletions) {
  const Status done = committer_.commit(
      batch, fmt::format("take repetitions out of {} {}", place_.table, place_.chain));
  if (done) {
    outcome_.deleted += deletions;
    ++outcome_.transactions;
    left_ -= std::min(left_, deletions);
    narrowed_ -= narrowed_ > 0 ? 1 : 0;
    refusals_ = 0;
    round_.clear();
    recorded_ = {};
    return {};
  }
  const bool again = overtaken(done.error()) || done.error().osError == ENOENT;
  if (!again || ++refusals_ > kMostRefusals) {
    return done;
  }
  ++outcome_.overtaken;
  narrowed_ = std::min<std::size_t>(narrowed_ + 1, 5);
  return {};
}

}  // namespace hitless::sys

#include "app/agent/policy_plane.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace hitless::app {
namespace {

/// How long a pod that starts waits for its object: with it, what it may do is known from the first
/// packet on; without, it may do nothing until the object comes.
constexpr nanoseconds kObjectPatience = seconds(2);
constexpr nanoseconds kAuditPeriod = seconds(60);
constexpr std::size_t kSamples = 256;
constexpr std::size_t kLogged = 5;  ///< Of each kind of finding.

bool isNews(const watch::Update& update) {
  return !update.changes.empty() || update.kind == watch::Update::Kind::kFull;
}

tl::unexpected<Error> notYet() {
  return fail(ErrorKind::kUnavailable, "the agent has not brought the policies to the kernel yet",
              "see its log: it may not reach the API server");
}

tl::unexpected<Error> about(const std::string& pod, tl::unexpected<Error> error) {
  return tl::unexpected(std::move(error.value()).about(pod));
}

policy::Claim claimFrom(const PodSandboxClaim& claim) {
  return {claim.ns, claim.name, claim.uid, claim.addresses};
}

}  // namespace

PolicyPlane::PolicyPlane(Parts parts, std::string node, rules::PolicyTableOptions options)
    : parts_(std::move(parts)),
      node_(std::move(node)),
      book_(node_),
      programmer_(parts_.dataplane, book_, options),
      cutter_({parts_.io, parts_.worker, parts_.packets,
               [this](const conntrack::Flow& flow) { return denied(flow); },
               [this](std::size_t rejudged, std::size_t cut) {
                 metrics_.flowsRejudged += rejudged;
                 metrics_.flowsCut += cut;
               }}),
      timer_(parts_.io),
      patience_(parts_.io),
      audit_(parts_.io),
      options_(std::move(options)) {}

void PolicyPlane::onPolicies(const watch::Update& update) {
  book_.applyPolicies(update);
  if (isNews(update)) {
    want();
  }
}

void PolicyPlane::onNamespaces(const watch::Update& update) {
  book_.applyNamespaces(update);
  if (isNews(update)) {
    want();
  }
}

void PolicyPlane::onPods(const watch::Update& update) {
  book_.applyPods(update);
  if (isNews(update)) {
    want();
  }
}

void PolicyPlane::onNodes(const watch::Update& update) {
  book_.applyNodes(update);
  if (isNews(update)) {
    want();
  }
}

void PolicyPlane::want() {
  dirtySince_ = dirtySince_ ? dirtySince_ : parts_.clock.mono();
  if (!armed_ && book_.complete()) {
    arm();
  }
}

void PolicyPlane::arm() {
  armed_ = true;
  const MonoTime now = parts_.clock.mono();
  // Even a wait of 0 lets everything that has arrived together be taken in first.
  timer_.expires_after(pacer_.earliest(now) - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      armed_ = false;
      sync();
    }
  });
}

void PolicyPlane::flush() {
  const MonoTime now = parts_.clock.mono();
  if (armed_ && pacer_.earliest(now) <= now) {
    timer_.cancel();
    armed_ = false;
    sync();
  }
}

void PolicyPlane::resync() {
  programmer_.distrust();
  want();
}

void PolicyPlane::start() {
  auditLater();
}

void PolicyPlane::auditLater() {
  audit_.expires_after(kAuditPeriod);
  audit_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    if (const auto done = audit(); synced_ && !done) {
      spdlog::warn("cannot compare the rules of NetworkPolicies: {}", done.error().text());
    }
    auditLater();
  });
}

Result<rules::PolicyAudit> PolicyPlane::audit() {
  flush();
  if (!synced_ || dirtySince_) {
    return notYet();
  }
  const nft::Ruleset present = TRY(parts_.dataplane.read());
  rules::PolicyAudit found =
      rules::auditPolicies(present, programmer_.wanted(), evaluator(), node_, parts_.rng, kSamples);
  ++metrics_.audits;
  metrics_.differences += found.operations;
  metrics_.mismatches += found.mismatches.size();
  if (found.clean()) {
    return found;
  }
  for (const auto* list : {&found.differences, &found.mismatches}) {
    for (std::size_t i = 0; i < std::min(kLogged, list->size()); ++i) {
      spdlog::warn("the rules of NetworkPolicies are not as planned: {}", (*list)[i]);
    }
  }
  onDrift(found);
  resync();
  return found;
}

void PolicyPlane::stop() {
  audit_.cancel();
  timer_.cancel();
  patience_.cancel();
  cutter_.stop();
}

void PolicyPlane::sync() {
  const MonoTime begin = parts_.clock.mono();
  const Result<rules::PolicyReceipt> receipt = programmer_.sync();
  evaluator_.reset();
  if (!receipt) {
    ++metrics_.syncFailures;
    pacer_.failed(parts_.clock.mono());
    spdlog::error("cannot program the rules of NetworkPolicies: {}", receipt.error().text());
    answerWaiting(tl::unexpected(receipt.error()), [](const std::string&) { return true; });
    return arm();
  }
  pacer_.succeeded(parts_.clock.mono());
  committed(*receipt, begin);
}

void PolicyPlane::committed(const rules::PolicyReceipt& receipt, MonoTime begin) {
  const MonoTime now = parts_.clock.mono();
  ++metrics_.syncs;
  metrics_.syncSeconds.observe(now - begin);
  if (dirtySince_) {
    metrics_.latencySeconds.observe(now - *dirtySince_);
  }
  metrics_.elementsWritten += receipt.dataplane.elements;
  metrics_.isolatedAddresses = programmer_.isolated();
  metrics_.rules = programmer_.rules();
  metrics_.elements = programmer_.elements();
  metrics_.policies = book_.policies().all().size();
  dirtySince_.reset();
  synced_ = true;
  if (receipt.full) {
    spdlog::debug("compared the rules of NetworkPolicies: {} operations",
                  receipt.dataplane.operations);
  }
  answerKnown();
  if (!receipt.doubt.none()) {
    cutter_.rejudge(receipt.doubt);
  }
  if (!receipt.left.empty()) {
    cutter_.rejudgeSoon(receipt.left);
  }
}

bool PolicyPlane::denied(const conntrack::Flow& flow) {
  const auto protocol = static_cast<policy::Protocol>(flow.original.protocol);
  if (protocol != policy::Protocol::kTcp && protocol != policy::Protocol::kUdp &&
      protocol != policy::Protocol::kSctp) {
    return false;
  }
  const IpAddress& from = flow.original.source;
  const IpAddress& to = flow.reply.source;
  const policy::Evaluator& now = evaluator();
  return !now.evaluate(
                 {{now.owner(from), from}, {now.owner(to), to}, protocol, flow.reply.sourcePort})
              .allowed();
}

const policy::Evaluator& PolicyPlane::evaluator() {
  if (!evaluator_) {
    evaluator_.emplace(book_.state(), policy::Options{!options_.judgeOwnNode});
  }
  return *evaluator_;
}

void PolicyPlane::isolate(PodSandboxClaim claim, std::function<void(Status)> done) {
  const std::string pod = claim.podKey();
  if (const auto before = waiting_.find(pod); before != waiting_.end()) {
    auto replaced = std::move(before->second.done);
    waiting_.erase(before);
    replaced(about(pod, fail(ErrorKind::kConflict, "a newer sandbox of the pod has come",
                             "nothing: that one counts")));
  }
  book_.claim(claimFrom(claim));
  waiting_[pod] = {std::move(done), parts_.clock.mono(), false};
  if (!book_.complete()) {
    awaitObjects();
    return;  // The first sync, or the end of patience, answers.
  }
  want();
  flush();
}

void PolicyPlane::release(const PodSandboxClaim& claim) {
  book_.release(claim.podKey(), claim.uid);
  want();
}

Status PolicyPlane::check(const PodSandboxClaim& claim) {
  flush();
  if (!synced_ || dirtySince_) {
    return about(claim.podKey(), notYet());
  }
  for (const IpAddress& address : claim.addresses) {
    const auto holder = book_.holder(address);
    if (!holder || holder->pod != claim.podKey()) {
      return about(claim.podKey(),
                   fail(ErrorKind::kConflict,
                        fmt::format("{} is {}", address.text(),
                                    holder ? "the address of " + holder->pod
                                           : std::string("not known as a pod's address")),
                        "have the pod's sandbox made anew"));
    }
  }
  return {};
}

void PolicyPlane::answerWaiting(const Status& status,
                                const std::function<bool(const std::string&)>& which) {
  std::vector<std::function<void(Status)>> answered;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (!which(it->first)) {
      ++it;
      continue;
    }
    metrics_.claimSeconds.observe(parts_.clock.mono() - it->second.since);
    answered.push_back(std::move(it->second.done));
    it = waiting_.erase(it);
  }
  for (auto& done : answered) {
    done(status);
  }
}

/// After a commit: those whose object has come need not wait any longer.
void PolicyPlane::answerKnown() {
  for (auto& [pod, waiting] : waiting_) {
    waiting.isolated = true;
  }
  answerWaiting({}, [this](const std::string& pod) {
    const policy::Claim* claim = book_.claimOf(pod);
    return claim == nullptr || book_.knows(*claim);
  });
  awaitObjects();
}

void PolicyPlane::awaitObjects() {
  if (waiting_.empty()) {
    patience_.cancel();
    return;
  }
  MonoTime first = MonoTime::max();
  for (const auto& [pod, waiting] : waiting_) {
    first = std::min(first, waiting.since);
  }
  const MonoTime now = parts_.clock.mono();
  patience_.expires_after(std::max(nanoseconds{}, first + kObjectPatience - now));
  patience_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    const MonoTime since = parts_.clock.mono() - kObjectPatience;
    const auto late = [&](const std::string& pod) { return waiting_.at(pod).since <= since; };
    answerWaiting({},
                  [&](const std::string& pod) { return waiting_.at(pod).isolated && late(pod); });
    answerWaiting(notYet(), late);
    awaitObjects();
  });
}

}  // namespace hitless::app

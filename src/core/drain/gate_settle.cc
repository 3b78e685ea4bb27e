#include <algorithm>

#include "core/drain/gate.h"

/// The last steps of a wait, and its end: what Gate says to whom.
namespace hitless::drain {

void Gate::untaken(const std::string& podUid, std::optional<std::size_t> connections) {
  for (auto& [ref, wait] : waits_) {
    const kube::Pod* pod = pods_.find(ref);
    if (pod != nullptr && pod->meta.uid == podUid && connections.value_or(0) == 0) {
      wait.taken = wait.acknowledged.has_value();
    }
  }
}

void Gate::connections(const std::string& podUid, std::optional<OpenConnections> open) {
  for (auto& [ref, wait] : waits_) {
    const kube::Pod* pod = pods_.find(ref);
    if (pod != nullptr && pod->meta.uid == podUid && wait.accepted) {
      wait.quiet = !open || open->clients.empty();
      wait.open = open;
    }
  }
}

/// What was sent before the removal is in the application's hands.
Gate::Position Gate::awaitAccept(Position acknowledged, const kube::Pod& pod, Wait& wait,
                                 Effects& effects) {
  const MonoTime now = clock_->mono();
  wait.acknowledged = wait.acknowledged.value_or(now);
  const MonoTime until = std::min(*wait.acknowledged + options_.acceptWait,
                                  wait.since + gateBudget(graceOf(pod), options_));
  if (wait.taken || now >= until) {
    return acknowledged;
  }
  acknowledged.state = GateState::kAwaitingAccept;
  acknowledged.until = std::min(until, now + options_.acceptPoll);
  effects.inspect.push_back(pod);
  return acknowledged;
}

/// Clients have ended the connections that they had.
Gate::Position Gate::awaitQuiet(Position acknowledged, const kube::Pod& pod, Wait& wait,
                                Effects& effects) {
  const std::optional<nanoseconds> wish = quietWish(pod);
  if (!wish || pod.hostNetwork || pod.podIPs.empty() || acknowledged.verdict.timedOut()) {
    return acknowledged;
  }
  const MonoTime now = clock_->mono();
  if (!wait.accepted) {
    wait.accepted = now;
    wait.nextCount = now;
  }
  const nanoseconds waited = now - *wait.accepted;
  const MonoTime budget = wait.since + gateBudget(graceOf(pod), options_);
  const MonoTime until =
      *wish > budget - *wait.accepted ? budget : *wait.accepted + *wish;  // A wish may be huge.
  if (wait.quiet) {
    acknowledged.verdict.quiet = waited;
    return acknowledged;
  }
  acknowledged.verdict.open = wait.open.value_or(OpenConnections{});
  if (now >= until) {
    // Without a time to look there is nothing to report either.
    if (wait.open) {
      acknowledged.verdict.reason = GateReason::kStillConnected;
    }
    return acknowledged;
  }
  if (now >= wait.nextCount) {
    wait.nextCount = now + options_.quietPoll;
    effects.count.push_back(pod);
  }
  acknowledged.verdict.reason = GateReason::kStillConnected;
  acknowledged.state = GateState::kAwaitingQuiet;
  acknowledged.until = std::min(until, wait.nextCount);
  return acknowledged;
}

Gate::Position Gate::lastSteps(Position acknowledged, const kube::Pod& pod, Wait& wait,
                               Effects& effects) {
  Position position = awaitAccept(std::move(acknowledged), pod, wait, effects);
  return position.state == GateState::kPassed ? awaitQuiet(std::move(position), pod, wait, effects)
                                              : position;
}

/// What is held is announced once it is known what for, and told to people if it takes long.
void Gate::announce(const Position& position, const kube::Pod& pod, const Wait& wait,
                    Effects& effects) {
  using Kind = Notice::Kind;
  Said& said = said_[pod.meta.uid];
  const std::uint64_t revision = position.verdict.revision;
  if (position.state == GateState::kAwaitingNodes && !std::exchange(said.held, true)) {
    effects.notices.push_back({pod, revision, std::nullopt, Kind::kHeld, {}});
  }
  const bool connected = position.state == GateState::kAwaitingQuiet && wait.open;
  if (connected && !std::exchange(said.connected, true)) {
    effects.notices.push_back({pod, revision, std::nullopt, Kind::kConnected, wait.open->text()});
  }
  const bool worthIt = position.state != GateState::kAwaitingAccept &&
                       (position.state != GateState::kAwaitingQuiet || connected);
  const MonoTime tellAt = wait.since + options_.tellAfter;
  if (clock_->mono() < tellAt) {
    effects.next = std::min(effects.next.value_or(tellAt), tellAt);
  } else if (worthIt && std::exchange(said.slow, position.state) != position.state) {
    const nanoseconds left = wait.since + gateBudget(graceOf(pod), options_) - clock_->mono();
    GateVerdict sofar = position.verdict;
    if (position.state == GateState::kAwaitingNodes) {
      sofar.missing = peers_.behind(revision);
    }
    effects.notices.push_back({pod, revision, std::nullopt, Kind::kSlow, heldText(sofar, left)});
  }
}

void Gate::release(Position position, const kube::Pod* deleted, const Wait& wait,
                   Effects& effects) {
  GateVerdict& verdict = position.verdict;
  verdict.waited = clock_->mono() - wait.since;
  verdict.grace = deleted != nullptr ? graceOf(*deleted) : nanoseconds{};
  if (deleted != nullptr && verdicts_.emplace(deleted->meta.uid, verdict).second) {
    effects.notices.push_back(
        {*deleted, verdict.revision, verdict, Notice::Kind::kReleased, verdict.text()});
  }
  for (const Ticket ticket : wait.tickets) {
    effects.answers.push_back({ticket, verdict});
  }
}

bool Gate::settle(const PodRef& ref, Wait& wait, Effects& effects) {
  Position position = locate(ref, wait);
  const kube::Pod* pod = pods_.find(ref);
  const kube::Pod* deleted = pod != nullptr && pod->meta.terminating() ? pod : nullptr;
  if (deleted != nullptr && position.state == GateState::kPassed &&
      !verdicts_.contains(deleted->meta.uid)) {
    position = lastSteps(std::move(position), *deleted, wait, effects);
  }
  wait.state = position.state;
  wait.revision = position.verdict.revision;
  if (position.state == GateState::kPassed) {
    release(std::move(position), deleted, wait, effects);
    return true;
  }
  if (deleted != nullptr) {
    announce(position, *deleted, wait, effects);
  }
  effects.next = std::min(effects.next.value_or(position.until), position.until);
  return false;
}

}  // namespace hitless::drain

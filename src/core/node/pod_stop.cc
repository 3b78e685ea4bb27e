#include <fmt/format.h>

#include <algorithm>

#include "core/node/pod_machine.h"

namespace hitless::node {
namespace {

using timeline::What;

/// What every container gets between SIGTERM and SIGKILL at least, in seconds (kubelet's
/// minimumGracePeriodInSeconds).
constexpr std::int64_t kLeastGrace = 2;

}  // namespace

void PodMachine::terminate(std::int64_t grace) {
  stage_ = PodStage::kTerminating;
  grace_ = grace;
  graceSince_ = clock_->mono();
  sandboxRetryAt_.reset();
  for (Container& container : state_.containers) {
    stopProbes(container, false);
    container.startAt.reset();
    container.replacing = false;
    if (container.alive()) {
      stopContainer(container, grace, fmt::format("Stopping container {}", container.spec->name));
    } else if (container.stage != Stage::kStarting) {
      container.done = true;
      container.waitingReason.clear();
    }
  }
}

/// A second deletion may only shorten: every stage that would last longer now ends at the new time.
void PodMachine::shorten(std::int64_t grace) {
  grace_ = grace;
  graceSince_ = clock_->mono();
  for (Container& container : state_.containers) {
    if (!container.deadline) {
      continue;
    }
    const bool term = container.stop == StopStage::kTerm;
    const std::int64_t left = term ? std::max(grace, kLeastGrace) : grace;
    const MonoTime end = clock_->mono() + seconds{left};
    if (end < *container.deadline) {
      container.graceLeft = left;
      container.stopSince = clock_->mono();
      container.deadline = end;
    }
  }
}

std::int64_t PodMachine::graceLeftNow() const {
  const auto spent = std::chrono::floor<seconds>(clock_->mono() - graceSince_).count();
  return std::max<std::int64_t>(0, grace_.value_or(0) - spent);
}

void PodMachine::stopContainer(Container& container, std::int64_t grace, std::string message) {
  if (container.stop != StopStage::kNone) {
    // Its probe is already killing it: only the time may become shorter.
    const MonoTime end = clock_->mono() + seconds{std::max(grace, kLeastGrace)};
    if (container.deadline && end < *container.deadline) {
      container.deadline = end;
    }
    return;
  }
  cancelHook(container, "the container is being stopped");
  emit(false, "Killing", std::move(message), &container);
  container.graceLeft = grace;
  container.stopSince = clock_->mono();
  if (container.spec->preStop && grace > 0) {
    container.stop = StopStage::kPreStop;
    container.deadline = clock_->mono() + seconds{grace};
    runHook(container, HookKind::kPreStop, *container.spec->preStop);
    return;
  }
  awaitTurn(container);
}

/// Takes the time of the stage that ends now off the grace period, in whole seconds as kubelet
/// does.
void PodMachine::spendGrace(Container& container) {
  container.graceLeft -= std::chrono::floor<seconds>(clock_->mono() - container.stopSince).count();
  container.stopSince = clock_->mono();
}

void PodMachine::awaitTurn(Container& container) {
  if (container.graceLeft > 0 && !hasTurn(container)) {
    container.stop = StopStage::kTurn;
    container.deadline = clock_->mono() + seconds{container.graceLeft};
    return;
  }
  sendTerm(container);
}

/// A native sidecar's turn comes when the main containers and the sidecars after it have exited.
bool PodMachine::hasTurn(const Container& container) const {
  if (stage_ != PodStage::kTerminating || container.role != Role::kSidecar) {
    return true;
  }
  const auto& all = state_.containers;
  return std::none_of(all.begin(), all.end(), [&container](const Container& other) {
    const bool before =
        other.role == Role::kMain || (other.role == Role::kSidecar && &other > &container);
    return before && (other.alive() || other.stage == Stage::kStarting);
  });
}

void PodMachine::giveTurns() {
  for (Container& container : state_.containers) {
    if (container.stop == StopStage::kTurn && hasTurn(container)) {
      spendGrace(container);
      sendTerm(container);
    }
  }
}

void PodMachine::sendTerm(Container& container) {
  const std::int64_t grace = std::max(container.graceLeft, kLeastGrace);
  container.stop = StopStage::kTerm;
  container.deadline = clock_->mono() + seconds{grace};
  record(What::kSigterm, container, fmt::format("{} s until SIGKILL", grace));
  out_.push_back(SignalContainer{container.spec->name, StopSignal::kTerm});
}

void PodMachine::stopDeadline(Container& container) {
  container.deadline.reset();
  switch (container.stop) {
    case StopStage::kPreStop: {
      const std::string limit = "it did not end within the grace period";
      emit(true, "FailedPreStopHook",
           fmt::format("{} for Container \"{}\" in Pod \"{}\" failed - {}",
                       describe(*container.spec->preStop), container.spec->name,
                       state_.spec.longName(), limit),
           &container);
      cancelHook(container, limit);
      spendGrace(container);
      awaitTurn(container);
      return;
    }
    case StopStage::kTurn:
      spendGrace(container);
      sendTerm(container);
      return;
    case StopStage::kTerm:
      container.stop = StopStage::kKilled;
      record(What::kSigkill, container);
      out_.push_back(SignalContainer{container.spec->name, StopSignal::kKill});
      return;
    case StopStage::kNone:
    case StopStage::kKilled:
      return;
  }
}

}  // namespace hitless::node

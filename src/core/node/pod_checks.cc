#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/node/pod_machine.h"

namespace hitless::node {
namespace {

using timeline::What;

}  // namespace

void PodMachine::startProbes(Container& container) {
  for (ProbeSlot& slot : container.probes) {
    slot.worker.restart(clock_->mono());
  }
}

void PodMachine::stopProbes(Container& container, bool readinessToo) {
  for (ProbeSlot& slot : container.probes) {
    if (readinessToo || slot.worker.kind() != ProbeKind::kReadiness) {
      slot.worker.stop();
    }
  }
}

/// A startup probe that has not passed holds the others back.
std::optional<MonoTime> PodMachine::probeDue(const Container& container,
                                             const ProbeSlot& slot) const {
  const bool gated = slot.worker.kind() != ProbeKind::kStartup && !container.started;
  return container.stage == Stage::kRunning && !gated ? slot.worker.due() : std::nullopt;
}

void PodMachine::sendDueProbes() {
  for (Container& container : state_.containers) {
    for (ProbeSlot& slot : container.probes) {
      const auto due = probeDue(container, slot);
      if (!due || *due > clock_->mono()) {
        continue;
      }
      slot.worker.sent(clock_->mono());
      slot.token = ++lastToken_;
      const ProbeSpec& spec = slot.worker.spec();
      out_.push_back(RunProbe{slot.token, container.spec->name, slot.worker.kind(), spec.handler,
                              seconds{spec.timeout}});
    }
  }
}

Commands PodMachine::probed(std::uint64_t token, const ProbeAnswer& answer) {
  for (Container& container : state_.containers) {
    for (ProbeSlot& slot : container.probes) {
      if (slot.token != token || token == 0) {
        continue;
      }
      slot.token = 0;
      if (container.stage != Stage::kRunning) {
        return finish();
      }
      const ProbeWorker::Verdict verdict = slot.worker.answered(answer.success, clock_->mono());
      if (!answer.success) {
        emit(true, "Unhealthy",
             fmt::format("{} probe failed: {}", title(slot.worker.kind()), answer.message),
             &container);
      }
      if (verdict == ProbeWorker::Verdict::kFailed) {
        probeFailed(container, slot.worker);
      } else if (verdict == ProbeWorker::Verdict::kPassed &&
                 slot.worker.kind() == ProbeKind::kStartup) {
        container.started = true;
        for (ProbeSlot& other : container.probes) {
          other.worker.hurry(clock_->mono());
        }
        sendDueProbes();
      }
      return finish();
    }
  }
  return finish();
}

void PodMachine::probeFailed(Container& container, const ProbeWorker& worker) {
  if (worker.kind() == ProbeKind::kReadiness || stage_ != PodStage::kRunning) {
    return;
  }
  const std::string_view probe = worker.kind() == ProbeKind::kLiveness ? "liveness" : "startup";
  const bool again =
      container.role == Role::kSidecar || state_.spec.restartPolicy != RestartPolicy::kNever;
  stopProbes(container, false);
  stopContainer(container, worker.spec().terminationGracePeriod.value_or(state_.spec.gracePeriod),
                fmt::format("Container {} failed {} probe{}", container.spec->name, probe,
                            again ? ", will be restarted" : ""));
}

void PodMachine::runHook(Container& container, HookKind kind, const Handler& handler) {
  container.hookToken = ++lastToken_;
  if (kind == HookKind::kPreStop) {
    record(What::kHookStarted, container);
  }
  out_.push_back(RunHook{container.hookToken, container.spec->name, kind, handler});
}

void PodMachine::cancelHook(Container& container, const std::string& why) {
  if (container.hookToken == 0) {
    return;
  }
  out_.push_back(CancelHook{std::exchange(container.hookToken, 0)});
  if (container.stop == StopStage::kPreStop) {
    record(What::kHookFinished, container, why);
  }
}

Commands PodMachine::hookDone(std::uint64_t token, bool success, const std::string& message) {
  const auto it =
      std::find_if(state_.containers.begin(), state_.containers.end(),
                   [token](const Container& c) { return token != 0 && c.hookToken == token; });
  if (it == state_.containers.end()) {
    return finish();
  }
  Container& container = *it;
  container.hookToken = 0;
  const bool preStop = container.stop == StopStage::kPreStop;
  const HookKind kind = preStop ? HookKind::kPreStop : HookKind::kPostStart;
  if (!success) {
    const Handler& handler = preStop ? *container.spec->preStop : *container.spec->postStart;
    emit(true, fmt::format("Failed{}Hook", title(kind)),
         fmt::format("{} for Container \"{}\" in Pod \"{}\" failed - {}", describe(handler),
                     container.spec->name, state_.spec.longName(), message),
         &container);
  }
  if (preStop) {
    record(What::kHookFinished, container, success ? "ok" : message);
    spendGrace(container);
    awaitTurn(container);
  } else if (success) {
    nowRunning(container);
  } else {
    stopContainer(container, state_.spec.gracePeriod, "FailedPostStartHook");
  }
  return finish();
}

}  // namespace hitless::node

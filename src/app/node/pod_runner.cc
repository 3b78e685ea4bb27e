#include "app/node/pod_runner.h"

#include <spdlog/spdlog.h>

#include <csignal>

namespace hitless::app {
namespace {

/// A hook lasts as long as the machine lets it.
constexpr nanoseconds kUnlimited = std::chrono::hours(24 * 365);
/// The sandbox outlives its last process for a moment: what that process has sent and closed is
/// still being delivered, and a late connection is refused instead of lost.
constexpr auto kLinger = std::chrono::seconds(1);

}  // namespace

PodRunner::PodRunner(NodeContext& context, PodNetwork& network, PodEventWriter& events,
                     const kube::json::object& pod)
    : context_(context),
      network_(network),
      events_(events),
      machine_(context.clock, pod, context.facts.address),
      status_(std::make_shared<StatusWriter>(context, machine_.state().spec)),
      timer_(context.io),
      linger_(context.io) {}

void PodRunner::begin() {
  run(machine_.begin());
}

void PodRunner::updated(const kube::json::object& pod) {
  run(machine_.updated(pod));
}

void PodRunner::forgotten() {
  status_->stop();
  run(machine_.forgotten());
}

void PodRunner::run(const node::Commands& commands) {
  for (const node::Command& command : commands) {
    std::visit([this](const auto& body) { carryOut(body); }, command);
  }
  armTimer();
}

void PodRunner::armTimer() {
  const auto deadline = machine_.nextDeadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(*deadline));
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->run(self->machine_.tick());
    }
  });
}

const node::ContainerSpec* PodRunner::containerSpec(const std::string& name) const {
  for (const node::Container& container : machine_.state().containers) {
    if (container.spec->name == name) {
      return container.spec;
    }
  }
  return nullptr;
}

CheckPlace PodRunner::placeOf(const std::string& container) const {
  CheckPlace place{containerSpec(container), machine_.state().podIP, -1, {}};
  if (const auto it = attempts_.find(container); it != attempts_.end()) {
    place.pidfd = it->second.child->pidfd();
    place.environment = it->second.environment;
  }
  return place;
}

void PodRunner::carryOut(const node::RunProbe& probe) {
  startCheck(context_, probe.handler, placeOf(probe.container), probe.timeout,
             [weak = weak_from_this(), token = probe.token](const CheckOutcome& outcome) {
               if (const auto self = weak.lock()) {
                 self->run(self->machine_.probed(token, {outcome.success, outcome.message}));
               }
             });
}

void PodRunner::carryOut(const node::RunHook& hook) {
  hooks_[hook.token] =
      startCheck(context_, hook.handler, placeOf(hook.container), kUnlimited,
                 [weak = weak_from_this(), token = hook.token](const CheckOutcome& outcome) {
                   if (const auto self = weak.lock()) {
                     self->hooks_.erase(token);
                     self->run(self->machine_.hookDone(token, outcome.success, outcome.message));
                   }
                 });
}

void PodRunner::carryOut(const node::CancelHook& cancel) {
  if (const auto hook = hooks_.extract(cancel.token); !hook.empty()) {
    hook.mapped()->cancel();
  }
}

void PodRunner::carryOut(const node::SignalContainer& signal) {
  const auto it = attempts_.find(signal.container);
  if (it == attempts_.end()) {
    return;
  }
  const int number = signal.signal == node::StopSignal::kTerm ? SIGTERM : SIGKILL;
  if (const Status sent = it->second.child->signal(number); !sent) {
    spdlog::error("{} container {}: {}", spec().key(), signal.container, sent.error().text());
  }
}

void PodRunner::carryOut(const node::WriteStatus& write) {
  status_->write(write.status);
}

void PodRunner::carryOut(const node::Emit& emit) {
  events_.write(spec(), emit);
}

void PodRunner::carryOut(const node::Record& record) {
  context_.timeline.record({context_.clock.wall(), record.what, context_.facts.name, spec().key(),
                            record.container, machine_.state().podIP, 0, record.detail});
}

void PodRunner::carryOut(const node::RemoveSandbox&) {
  if (!sandbox_) {
    return;
  }
  lingering_ = true;
  linger_.expires_after(kLinger);
  linger_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
    self->sandbox_.reset();
    self->lingering_ = false;
  });
}

void PodRunner::carryOut(const node::DeletePod&) {
  status_->removeObject();
}

}  // namespace hitless::app

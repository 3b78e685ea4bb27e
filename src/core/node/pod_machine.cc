#include "core/node/pod_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hitless::node {
namespace {

using kube::json::array;
using kube::json::object;
using timeline::What;

constexpr nanoseconds kFirstRetry = seconds{1};
constexpr nanoseconds kLongestRetry = seconds{60};
/// What a pod whose object is already gone gets (kubelet rounds zero up; SIGTERM gives 2 s at
/// least).
constexpr std::int64_t kForgottenGrace = 1;

void addContainers(const std::vector<ContainerSpec>& specs, bool init,
                   std::vector<Container>& out) {
  for (const ContainerSpec& spec : specs) {
    Container container;
    container.spec = &spec;
    container.role = !init ? Role::kMain : spec.restartAlways ? Role::kSidecar : Role::kInit;
    const auto add = [&container](const std::optional<ProbeSpec>& probe, ProbeKind kind) {
      if (probe) {
        container.probes.push_back({ProbeWorker(*probe, kind), 0});
      }
    };
    add(spec.startup, ProbeKind::kStartup);
    add(spec.readiness, ProbeKind::kReadiness);
    add(spec.liveness, ProbeKind::kLiveness);
    out.push_back(std::move(container));
  }
}

/// After a node's restart the first attempt follows the last that the API server knows of.
void countPastAttempts(const object& pod, std::string_view field, std::vector<Container>& out) {
  const array* statuses = kube::findArray(pod, {"status", field});
  if (statuses == nullptr) {
    return;
  }
  for (const kube::json::value& value : *statuses) {
    const object* status = value.if_object();
    if (status == nullptr || kube::text(*status, {"containerID"}).empty()) {
      continue;
    }
    for (Container& container : out) {
      if (container.spec->name == kube::text(*status, {"name"})) {
        container.attempt = kube::integer(*status, {"restartCount"}) + 1;
      }
    }
  }
}

bool isOurs(std::string_view type) {
  return type == "PodReadyToStartContainers" || type == "Initialized" || type == "Ready" ||
         type == "ContainersReady";
}

std::vector<kube::Condition> foreignConditions(const object& pod) {
  std::vector<kube::Condition> out =
      kube::conditionsOf(kube::findArray(pod, {"status", "conditions"}));
  std::erase_if(out, [](const kube::Condition& condition) { return isOurs(condition.type); });
  return out;
}

bool finalPhase(const object& pod) {
  const std::string_view phase = kube::text(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

PodMachine::PodMachine(const Clock& clock, const object& pod, std::string hostIP) : clock_(&clock) {
  state_.spec = podSpecOf(pod);
  state_.hostIP = std::move(hostIP);
  state_.foreign = foreignConditions(pod);
  addContainers(state_.spec.initContainers, true, state_.containers);
  addContainers(state_.spec.containers, false, state_.containers);
  countPastAttempts(pod, "initContainerStatuses", state_.containers);
  countPastAttempts(pod, "containerStatuses", state_.containers);
  deletionSeen(pod);
  untouched_ = deleted_ || finalPhase(pod);
}

Commands PodMachine::begin() {
  if (untouched_) {
    stage_ = PodStage::kOver;
    state_.over = true;
    if (deleted_) {
      out_.push_back(DeletePod{});
    }
    return std::exchange(out_, {});
  }
  stage_ = PodStage::kRunning;
  state_.startTime = clock_->wall();
  makeSandbox();
  return finish();
}

/// Takes note of a deletion; true if it asks for less time than there is.
bool PodMachine::deletionSeen(const object& pod) {
  const kube::ObjectMeta meta = kube::metaOf(pod);
  if (!meta.terminating()) {
    return false;
  }
  deleted_ = true;
  const std::int64_t grace =
      std::max<std::int64_t>(0, meta.deletionGracePeriodSeconds.value_or(state_.spec.gracePeriod));
  if (grace_ && grace >= *grace_) {
    return false;
  }
  grace_ = grace;
  return true;
}

Commands PodMachine::updated(const object& pod) {
  state_.foreign = foreignConditions(pod);
  if (const kube::ObjectMeta meta = kube::metaOf(pod); !meta.terminating()) {
    state_.spec.labels = meta.labels;
    state_.spec.annotations = meta.annotations;
    return finish();
  }
  const bool known = deleted_;
  const bool shorter = deletionSeen(pod);
  if (stage_ == PodStage::kOver) {
    if (!known) {
      out_.push_back(DeletePod{});
    }
    return finish();
  }
  if (stage_ == PodStage::kRunning) {
    terminate(*grace_);
  } else if (shorter) {
    shorten(*grace_);
  }
  return finish();
}

Commands PodMachine::forgotten() {
  forgotten_ = true;
  if (stage_ == PodStage::kRunning) {
    terminate(kForgottenGrace);
  } else if (stage_ == PodStage::kTerminating) {
    shorten(kForgottenGrace);
  }
  return finish();
}

Commands PodMachine::sandboxReady(std::string podIP) {
  sandbox_ = Sandbox::kReady;
  state_.sandboxReady = true;
  state_.podIP = std::move(podIP);
  return finish();
}

Commands PodMachine::sandboxFailed(const std::string& reason, const std::string& message) {
  sandbox_ = Sandbox::kNone;
  emit(true, reason, message, nullptr);
  sandboxRetry_ = std::clamp(sandboxRetry_ * 2, kFirstRetry, kLongestRetry);
  sandboxRetryAt_ = clock_->mono() + sandboxRetry_;
  return finish();
}

Commands PodMachine::started(std::string_view name, const std::string& image) {
  Container* container = find(name);
  if (container == nullptr || container->stage != Stage::kStarting) {
    return finish();
  }
  nextAttempt(*container);
  container->imageId = image;
  container->startRetry = {};
  emit(false, "Resolved",
       fmt::format("Container image \"{}\" resolved to {}", container->spec->image, image),
       container);
  emit(false, "Created", fmt::format("Created container {}", name), container);
  emit(false, "Started", fmt::format("Started container {}", name), container);
  container->stage = Stage::kPostStart;
  if (stage_ == PodStage::kTerminating) {
    stopContainer(*container, graceLeftNow(), fmt::format("Stopping container {}", name));
  } else if (container->spec->postStart) {
    runHook(*container, HookKind::kPostStart, *container->spec->postStart);
  } else {
    nowRunning(*container);
  }
  return finish();
}

Commands PodMachine::tick() {
  if (sandboxRetryAt_ && *sandboxRetryAt_ <= clock_->mono() && stage_ == PodStage::kRunning) {
    makeSandbox();
  }
  for (Container& container : state_.containers) {
    if (container.deadline && *container.deadline <= clock_->mono()) {
      stopDeadline(container);
    }
  }
  sendDueProbes();
  return finish();
}

std::optional<MonoTime> PodMachine::nextDeadline() const {
  std::optional<MonoTime> out;
  const auto consider = [&out](const std::optional<MonoTime>& time) {
    if (time && (!out || *time < *out)) {
      out = time;
    }
  };
  if (stage_ == PodStage::kRunning) {
    consider(sandboxRetryAt_);
  }
  const std::size_t reachable = stage_ != PodStage::kRunning || starting() ? 0 : startable();
  for (std::size_t i = 0; i < state_.containers.size(); ++i) {
    const Container& container = state_.containers[i];
    consider(container.deadline);
    if (i < reachable && !container.done) {
      consider(container.startAt);
    }
    for (const ProbeSlot& slot : container.probes) {
      consider(probeDue(container, slot));
    }
  }
  return out;
}

void PodMachine::makeSandbox() {
  sandboxRetryAt_.reset();
  sandbox_ = Sandbox::kMaking;
  out_.push_back(MakeSandbox{});
}

Commands PodMachine::finish() {
  advance();
  flushStatus();
  if (stage_ == PodStage::kOver && sandbox_ == Sandbox::kReady) {
    sandbox_ = Sandbox::kRemoved;
    out_.push_back(RemoveSandbox{});
    if (deleted_ && !forgotten_) {
      out_.push_back(DeletePod{});
    }
  }
  return std::exchange(out_, {});
}

void PodMachine::advance() {
  if (stage_ == PodStage::kRunning && sandbox_ == Sandbox::kReady) {
    if (workDone()) {
      terminate(state_.spec.gracePeriod);
    } else {
      startNext();
    }
  }
  if (stage_ == PodStage::kTerminating) {
    giveTurns();
    endIfStopped();
  }
}

void PodMachine::endIfStopped() {
  const bool busy =
      std::any_of(state_.containers.begin(), state_.containers.end(),
                  [](const Container& c) { return c.alive() || c.stage == Stage::kStarting; });
  if (busy || sandbox_ == Sandbox::kMaking) {
    return;
  }
  stage_ = PodStage::kOver;
  state_.over = true;
  state_.sandboxReady = false;
  if (sandbox_ == Sandbox::kNone) {
    // Nothing was ever made: the object can go as it is.
    sandbox_ = Sandbox::kReady;
  }
}

void PodMachine::flushStatus() {
  const auto& all = state_.containers;
  const bool replacing =
      std::any_of(all.begin(), all.end(), [](const Container& c) { return c.replacing; });
  // A container killed by its probe and started again in the same breath never looks unready.
  if (replacing || forgotten_ || untouched_) {
    return;
  }
  object status = statusOf(state_, book_, clock_->wall());
  if (status == written_) {
    return;
  }
  const bool ready = podReady(state_);
  if (ready && !wasReady_) {
    out_.push_back(Record{What::kPodReady, {}, {}});
  }
  wasReady_ = ready;
  written_ = status;
  out_.push_back(WriteStatus{std::move(status)});
}

Container* PodMachine::find(std::string_view name) {
  const auto it = std::find_if(state_.containers.begin(), state_.containers.end(),
                               [name](const Container& c) { return c.spec->name == name; });
  return it == state_.containers.end() ? nullptr : &*it;
}

void PodMachine::emit(bool warning, std::string reason, std::string message,
                      const Container* about) {
  out_.push_back(Emit{warning, std::move(reason), std::move(message),
                      about == nullptr ? std::string() : about->spec->name});
}

void PodMachine::record(What what, const Container& container, std::string detail) {
  out_.push_back(Record{what, container.spec->name, std::move(detail)});
}

}  // namespace hitless::node

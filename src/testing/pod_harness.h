#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/node/pod_machine.h"
#include "testing/fake_clock.h"

/// A world for the pod machine: containers that exit when told to, hooks and probes that take their
/// time, all on a fake clock. Tests read its log, a line for each thing that happened and when.
namespace hitless::node {

struct ContainerScript {
  nanoseconds drain{};       ///< From SIGTERM to the exit.
  bool ignoresTerm = false;  ///< As PID 1 without a handler does.
  int termCode = 0;          ///< Exit code after SIGTERM.
  nanoseconds hookTime{};    ///< How long its hooks take.
  bool hookSucceeds = true;
  nanoseconds lifetime{-1};  ///< Exits by itself so long after a start; negative: never.
  int code = 0;              ///< Exit code then.
  std::function<bool(ProbeKind, nanoseconds sinceStart)> probe;
};

class PodHarness {
 public:
  explicit PodHarness(std::string_view podJson, std::map<std::string, ContainerScript> scripts)
      : pod_(kube::parseJson(podJson)->as_object()), scripts_(std::move(scripts)) {
    machine_ = std::make_unique<PodMachine>(clock, pod_, "10.0.0.1");
    begin_ = clock.mono();
    run(machine_->begin());
  }

  /// Lets time pass until `offset` after the beginning.
  void until(nanoseconds offset) {
    const MonoTime end = begin_ + offset;
    while (true) {
      MonoTime next = end;
      if (const auto due = machine_->nextDeadline()) {
        next = std::min(next, *due);
      }
      if (!later_.empty()) {
        next = std::min(next, later_.begin()->first);
      }
      if (next > clock.mono()) {
        clock.advance(next - clock.mono());
      }
      if (!later_.empty() && later_.begin()->first <= clock.mono()) {
        const auto action = later_.begin()->second;
        later_.erase(later_.begin());
        run(action());
      } else if (machine_->nextDeadline() && *machine_->nextDeadline() <= clock.mono()) {
        run(machine_->tick());
      } else if (clock.mono() >= end) {
        return;
      }
    }
  }

  void deletePod(std::int64_t grace) {
    kube::ensureObject(pod_, {"metadata"})["deletionTimestamp"] = formatTime(clock.wall());
    kube::ensureObject(pod_, {"metadata"})["deletionGracePeriodSeconds"] = grace;
    note("delete " + std::to_string(grace));
    run(machine_->updated(pod_));
  }

  const std::vector<std::string>& log() const { return log_; }
  /// The log lines that begin with one of the words, "5.0 TERM main" where "TERM" is asked for.
  std::vector<std::string> log(const std::set<std::string>& words) const {
    std::vector<std::string> out;
    for (const std::string& line : log_) {
      const std::string rest = line.substr(line.find(' ') + 1);
      if (words.contains(rest.substr(0, rest.find(' ')))) {
        out.push_back(line);
      }
    }
    return out;
  }
  PodMachine& machine() { return *machine_; }
  void run(const Commands& commands) {
    for (const Command& command : commands) {
      std::visit([this](const auto& body) { carryOut(body); }, command);
    }
  }
  ContainerScript& script(const std::string& name) { return scripts_[name]; }

  testing::FakeClock clock;

 private:
  using Input = std::function<Commands()>;

  void note(const std::string& what) {
    const double at = std::chrono::duration<double>(clock.mono() - begin_).count();
    log_.push_back(fmt::format("{:.1f} {}", at, what));
  }
  void later(nanoseconds delay, Input input) { later_.emplace(clock.mono() + delay, input); }
  void exitLater(const std::string& name, nanoseconds delay, ExitStatus status) {
    later(delay, [this, name, status, life = lives_[name]] {
      if (lives_[name] != life || !alive_.contains(name)) {
        return Commands{};
      }
      alive_.erase(name);
      note(fmt::format("exit {} {}", name, status.code));
      return machine_->exited(name, status);
    });
  }

  void carryOut(const MakeSandbox&) {
    later({}, [this] { return machine_->sandboxReady("10.244.1.2"); });
  }
  void carryOut(const StartContainer& start) {
    later({}, [this, start] {
      note("start " + start.container);
      ++lives_[start.container];
      alive_.insert(start.container);
      startedAt_[start.container] = clock.mono();
      const ContainerScript& how = scripts_[start.container];
      if (how.lifetime >= nanoseconds{0}) {
        exitLater(start.container, how.lifetime, {how.code, 0});
      }
      return machine_->started(start.container, "program");
    });
  }
  void carryOut(const RunProbe& probe) {
    const ContainerScript& how = scripts_[probe.container];
    const nanoseconds since = clock.mono() - startedAt_[probe.container];
    const bool success = !how.probe || how.probe(probe.kind, since);
    note(fmt::format("probe {} {}", probe.container, title(probe.kind)));
    later({}, [this, probe, success] { return machine_->probed(probe.token, {success, "no"}); });
  }
  void carryOut(const RunHook& hook) {
    note(fmt::format("hook {}", hook.container));
    const ContainerScript& how = scripts_[hook.container];
    later(how.hookTime, [this, hook, success = how.hookSucceeds] {
      return cancelled_.contains(hook.token) ? Commands{}
                                             : machine_->hookDone(hook.token, success, "exit 1");
    });
  }
  void carryOut(const CancelHook& cancel) { cancelled_.insert(cancel.token); }
  void carryOut(const SignalContainer& signal) {
    const ContainerScript& how = scripts_[signal.container];
    if (signal.signal == StopSignal::kKill) {
      note("KILL " + signal.container);
      exitLater(signal.container, {}, {137, 9});
      return;
    }
    note("TERM " + signal.container);
    if (!how.ignoresTerm) {
      exitLater(signal.container, how.drain, {how.termCode, 0});
    }
  }
  void carryOut(const WriteStatus& write) {
    std::string line = fmt::format("status {}", kube::text(write.status, {"phase"}));
    for (const kube::Condition& condition :
         kube::conditionsOf(kube::findArray(write.status, {"conditions"}))) {
      line += condition.type == "Ready" && condition.status == "True" ? " Ready" : "";
    }
    for (const kube::json::value& value : *kube::findArray(write.status, {"containerStatuses"})) {
      const kube::json::object& status = value.as_object();
      line += fmt::format(" {}:{}:rc{}", kube::text(status, {"name"}),
                          std::string_view(status.at("state").as_object().begin()->key()),
                          kube::integer(status, {"restartCount"}));
    }
    note(line);
  }
  void carryOut(const Emit& event) {
    note(fmt::format("event {} {}", event.reason, event.message));
  }
  void carryOut(const Record& record) {
    note(fmt::format("record {} {}", timeline::name(record.what), record.container));
  }
  void carryOut(const RemoveSandbox&) { note("sandbox removed"); }
  void carryOut(const DeletePod&) { note("object deleted"); }

  kube::json::object pod_;
  std::map<std::string, ContainerScript> scripts_;
  std::unique_ptr<PodMachine> machine_;
  MonoTime begin_{};
  std::multimap<MonoTime, Input> later_;
  std::map<std::string, int> lives_;
  std::map<std::string, MonoTime> startedAt_;
  std::set<std::string> alive_;
  std::set<std::uint64_t> cancelled_;
  std::vector<std::string> log_;
};

}  // namespace hitless::node

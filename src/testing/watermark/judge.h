#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "testing/watermark/agent.h"
#include "testing/watermark/workload.h"

namespace hitless::testing::watermark {

/// Knows every kernel, and holds each verdict of a gate against them.
class Judge {
 public:
  using Kernels = std::function<const Kernel&(const std::string& node)>;

  Judge(Workload& workload, Kernels kernels) : workload_(workload), kernels_(std::move(kernels)) {}

  void violated(std::string what) { violations_.push_back(std::move(what)); }
  const std::vector<std::string>& violations() const { return violations_; }
  /// How often each reason was given.
  const std::map<drain::GateReason, int>& reasons() const { return reasons_; }

  /// A gate lets the pod get its SIGTERM.
  void released(const Agent& agent, const std::string& uid, const drain::GateVerdict& verdict,
                MonoTime now) {
    ++reasons_[verdict.reason];
    std::set<std::string> live = agent.knowledge().readyNodes();
    live.insert(agent.node());
    std::vector<std::string> sending;
    const std::uint64_t upTo = knowable(agent, uid, verdict);
    for (const std::string& node : live) {
      if (kernels_(node).reaches(uid, upTo)) {
        sending.push_back(node);
      }
    }
    const auto complain = [&](std::string_view why) {
      violated(fmt::format("{} on {}: {}; nodes that send to it: {}; {}", uid, agent.node(),
                           verdict.text(), fmt::join(sending, ","), why));
    };
    if (verdict.waited > longest(agent, uid, verdict, now)) {
      complain("held too long");
    }
    if (!first(uid, verdict)) {
      return;
    }
    if (!sending.empty() && !excused(agent, uid, verdict, sending)) {
      complain("SIGTERM too soon");
    }
    if (const std::string why = unfounded(agent, uid, verdict, live); !why.empty()) {
      complain(why);
    }
    if (verdict.reason == drain::GateReason::kAcknowledged) {
      acknowledged_[uid] = {live, upTo};
    }
  }

  /// An agent has written its rules: no pod that all have acknowledged comes back.
  void committed(const Agent& agent) {
    for (const auto& [uid, verdict] : acknowledged_) {
      if (verdict.live.contains(agent.node()) && agent.kernel().reaches(uid, verdict.upTo)) {
        violated(fmt::format("{} sends to {} again, after its SIGTERM", agent.node(), uid));
      }
    }
  }

 private:
  struct Acknowledged {
    std::set<std::string> live;
    std::uint64_t upTo = 0;
  };

  /// Slices newer than this count for nothing: a pod has left its slices and, as far as its agent
  /// has been told, no Service selects it; of another that does by now no news has come.
  static std::uint64_t knowable(const Agent& agent, const std::string& uid,
                                const drain::GateVerdict& verdict) {
    const bool left = verdict.reason == drain::GateReason::kAcknowledged &&
                      !agent.knowledge().ofSelection(uid) && !agent.knowledge().ofSlice(uid);
    return left ? agent.seen() : ~std::uint64_t{0};
  }

  /// A pod gets its SIGTERM by one verdict; hooks that come later are told the same.
  bool first(const std::string& uid, const drain::GateVerdict& verdict) {
    return verdict.reason == drain::GateReason::kNotDeleted ||
           verdict.reason == drain::GateReason::kUnknownPod || settled_.insert(uid).second;
  }

  /// The verdict admits it, or nobody could know.
  static bool excused(const Agent& agent, const std::string& uid, const drain::GateVerdict& verdict,
                      const std::vector<std::string>& sending) {
    switch (verdict.reason) {
      case drain::GateReason::kAcknowledged:
      case drain::GateReason::kStillConnected:  // Comes after the acknowledgement.
        return false;
      case drain::GateReason::kNodesMissing:
        return std::all_of(sending.begin(), sending.end(), [&](const std::string& node) {
          return std::find(verdict.missing.begin(), verdict.missing.end(), node) !=
                 verdict.missing.end();
        });
      case drain::GateReason::kSlicesNotWritten:
        return true;
      case drain::GateReason::kNoEndpoints:
        return agent.knowledge().listed() && !agent.knowledge().ofEndpoint(uid);
      case drain::GateReason::kNotDeleted:
        return !agent.knowledge().ofDeletion(uid);
      case drain::GateReason::kUnknownPod:
        return !agent.knowledge().ofPod(uid);
    }
    return false;
  }

  /// What a time-out blames although the agent knew better; empty if nothing.
  static std::string unfounded(const Agent& agent, const std::string& uid,
                               const drain::GateVerdict& verdict,
                               const std::set<std::string>& live) {
    const Knowledge& known = agent.knowledge();
    for (const std::string& node : verdict.missing) {
      if (verdict.reason != drain::GateReason::kNodesMissing) {
        const bool unsynced = node.starts_with("all ");
        return unsynced || known.ofSliceWith(uid) ? ""
                                                  : "no slice shows it, " + node + " is blamed";
      }
      if (!live.contains(node)) {
        return node + " is not Ready and was waited for";
      }
      if (known.ofWatermark(node) >= verdict.revision && node != agent.node()) {
        return node + " has answered and is blamed";
      }
    }
    return {};
  }

  /// The budget, if the agent knew of the deletion when the hook came.
  nanoseconds longest(const Agent& agent, const std::string& uid, const drain::GateVerdict& verdict,
                      MonoTime now) const {
    const drain::GateOptions options;
    const nanoseconds budget = drain::gateBudget(seconds(workload_.pod(uid).grace), options);
    const auto told = agent.knowledge().ofDeletion(uid);
    const bool known = told && *told <= now - verdict.waited &&
                       verdict.reason != drain::GateReason::kUnknownPod;  // Gone meanwhile.
    return known ? budget : std::max(budget, options.syncWait);
  }

  Workload& workload_;
  Kernels kernels_;
  std::vector<std::string> violations_;
  std::map<drain::GateReason, int> reasons_;
  std::set<std::string> settled_;                     ///< UIDs
  std::map<std::string, Acknowledged> acknowledged_;  ///< by pod UID
};

}  // namespace hitless::testing::watermark

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "core/drain/own_pods.h"
#include "core/drain/peers.h"
#include "core/drain/removal.h"

namespace hitless::drain {

/// What a held hook waits for.
enum class GateState {
  kLookingUp,         ///< No pod of this node carries the id yet.
  kAwaitingDeletion,  ///< The pod is not known to be deleted yet.
  kAwaitingSlices,    ///< A slice does not tell of the removal yet.
  kAwaitingNodes,     ///< Nodes have not acknowledged the removal yet.
  kAwaitingAccept,  ///< Connections from before the removal wait for the application to take them.
  kPassed,
};

/// Why a hook was let go.
enum class GateReason {
  kAcknowledged,      ///< Every live node has removed the endpoints.
  kNoEndpoints,       ///< No slice holds the pod, so nobody sends to it by a Service.
  kNotDeleted,        ///< A container restart: the pod stays, and its endpoints with it.
  kUnknownPod,        ///< No pod of this node carries the id.
  kSlicesNotWritten,  ///< Time used up: a slice still shows the pod as an endpoint, or none has
                      ///< come that holds this ready pod.
  kNodesMissing,      ///< Time used up: live nodes did not acknowledge.
};

std::string_view name(GateState state);
std::string_view name(GateReason reason);

struct GateOptions {
  /// The gate takes this part of the grace period at most, and leaves at least `reserve` to the
  /// application; but it may always use half of the period. See gateBudget().
  double share = 2.0 / 3.0;
  nanoseconds reserve = seconds(5);
  /// An id that no pod carries: the watch of a pod that has just been bound may lag.
  nanoseconds unknownWait = seconds(2);
  /// The kubelet has seen the deletion before us, or it restarts a container.
  nanoseconds deletionWait = seconds(1);
  /// A ready, selected pod that no slice holds: its slice is about to come.
  nanoseconds sliceWait = seconds(2);
  /// A connection that was made before the removal and that the application has not accepted, or
  /// whose first bytes it has not read, would be reset if it closed its socket on SIGTERM now. An
  /// application that never accepts is not waited for longer than this.
  nanoseconds acceptWait = seconds(1);
  nanoseconds acceptPoll =
      milliseconds(2);  ///< The kernel has no event for an accepted connection.
  /// Longest wait while our own watches have not synced (a restarted agent).
  nanoseconds syncWait = seconds(10);
};

/// How long a pod with this grace period may be held: long enough for a node that restarts its
/// agent, short enough that the application has its drain time.
nanoseconds gateBudget(nanoseconds grace, const GateOptions& options);

struct GateVerdict {
  GateReason reason = GateReason::kAcknowledged;
  std::uint64_t revision = 0;  ///< What was waited for; 0 if nothing.
  nanoseconds waited{};
  std::vector<std::string> missing;  ///< Nodes, or the slice for kSlicesNotWritten.
  std::size_t live = 0;              ///< Nodes that had to acknowledge.

  bool timedOut() const;
  /// "SIGTERM released after 12 ms: 3 of 3 nodes removed the endpoint (revision 4711)"
  std::string text() const;
};

/// The gates of one node: holds preStop hooks until the endpoints of their pods are removed
/// everywhere. Does no I/O: it is told what happens, and step() says what to do.
class Gate {
 public:
  using Ticket = std::uint64_t;

  struct Answer {
    Ticket ticket = 0;
    GateVerdict verdict;
  };
  /// One per pod and phase, however many containers share it.
  struct Notice {
    kube::Pod pod;
    std::uint64_t revision = 0;
    std::optional<GateVerdict> verdict;  ///< Empty: it begins to be held.
  };
  struct Effects {
    std::vector<Answer> answers;
    std::vector<Notice> notices;
    std::vector<Ask> asks;
    /// Pods of this node whose untaken connections are to be counted; tell by untaken().
    std::vector<kube::Pod> inspect;
    std::optional<MonoTime> next;  ///< Call step() again at this time if nothing else happens.
  };

  Gate(const std::string& node, GateOptions options, const Clock& clock)
      : options_(options), clock_(&clock), removal_(node), peers_(node) {}

  void applyPods(const watch::Update& pods);
  void applyServices(const watch::Update& services);
  void applySlices(const watch::Update& slices) { removal_.apply(slices); }
  void applyNodes(const watch::Update& nodes) { peers_.apply(nodes); }
  void setOwnWatermark(std::uint64_t watermark) { peers_.setOwn(watermark); }
  void peerAnswered(const std::string& node, std::uint64_t watermark);
  void peerFailed(const std::string& node);
  /// How many connections to the pod wait for its application, or that this cannot be told.
  void untaken(const std::string& podUid, std::optional<std::size_t> connections);

  /// A hook has arrived; step() answers it under this ticket some time.
  Ticket hold(std::string_view gateId);
  /// The caller has gone; it gets no answer.
  void drop(Ticket ticket);

  Effects step();
  std::size_t held() const { return waits_.size(); }

 private:
  struct Wait {
    MonoTime since{};
    GateState state = GateState::kLookingUp;
    std::uint64_t revision = 0;
    bool announced = false;
    std::optional<MonoTime> acknowledged;  ///< Since when every node has removed the endpoints.
    bool taken = false;  ///< The application has taken every connection since then.
    std::vector<Ticket> tickets;
  };
  /// Where a wait stands: its state, when that ends, and how.
  struct Position {
    GateState state = GateState::kPassed;
    MonoTime until{};
    GateVerdict verdict;
  };

  Position locate(const std::string& gateId, const Wait& wait) const;
  Position locateDeleted(const kube::Pod& pod, const Wait& wait) const;
  Position waiting(GateState state, MonoTime until, GateReason reason,
                   std::vector<std::string> missing, std::uint64_t revision) const;
  Position passed(GateReason reason, std::uint64_t revision = 0) const;
  Position awaitAccept(Position acknowledged, const kube::Pod& pod, Wait& wait, Effects& effects);
  bool settle(const std::string& gateId, Wait& wait, Effects& effects);
  void askPeers(Effects& effects);

  GateOptions options_;
  const Clock* clock_;
  OwnPods pods_;
  Selection selection_;
  RemovalIndex removal_;
  Peers peers_;
  /// UIDs of pods that have been ready and selected: endpoints, whether a slice has told so or not.
  std::set<std::string> selected_;
  Ticket lastTicket_ = 0;
  std::map<std::string, Wait, std::less<>> waits_;  ///< by gate id
  std::map<std::string, GateVerdict> verdicts_;  ///< Pod UID -> verdict, for hooks that come later.
};

}  // namespace hitless::drain

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "core/drain/open_connections.h"
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
  kAwaitingQuiet,   ///< The pod wants its open connections to end first.
  kPassed,
};

/// Why a hook was let go.
enum class GateReason {
  kAcknowledged,      ///< Every live node has removed the endpoints.
  kNoEndpoints,       ///< No slice holds the pod, so nobody sends to it by a Service.
  kNotDeleted,        ///< A container restart: the pod stays, and its endpoints with it.
  kUnknownPod,        ///< The hook is of no pod of this node.
  kSlicesNotWritten,  ///< Time used up: a slice still shows the pod as an endpoint, or none has
                      ///< come that holds this ready pod.
  kNodesMissing,      ///< Time used up: live nodes did not acknowledge.
  kStillConnected,    ///< Time used up: connections to the pod are open.
};

std::string_view name(GateState state);
std::string_view name(GateReason reason);

/// terminationGracePeriodSeconds as the deletion set it, or the default.
nanoseconds graceOf(const kube::Pod& pod);

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
  /// How often the open connections are counted for a pod that waits for quiet.
  nanoseconds quietPoll = milliseconds(250);
  /// A wait of this length is worth telling people about while it lasts.
  nanoseconds tellAfter = seconds(1);
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
  OpenConnections open;              ///< What was left for kStillConnected.
  std::optional<nanoseconds> quiet;  ///< How long the last connection was waited for, if at all.
  nanoseconds grace{};               ///< The pod's grace period; 0: the pod stays.

  bool timedOut() const;
  /// "SIGTERM released after 12 ms (29.9 s of 30 s grace left): 3 of 3 nodes removed the endpoint
  /// (revision 4711)"
  std::string text() const;
};

/// What keeps a pod in this state, as a verdict would have it if its time were up now:
/// "SIGTERM is held for 18.9 s more at most: 2 of 3 nodes removed the endpoint (revision 12), not
/// yet: n3"
std::string heldText(const GateVerdict& verdict, nanoseconds left);

/// The gates of one node: holds preStop hooks until the endpoints of their pods are removed
/// everywhere. Does no I/O: it is told what happens, and step() says what to do.
class Gate {
 public:
  using Ticket = std::uint64_t;

  struct Answer {
    Ticket ticket = 0;
    GateVerdict verdict;
  };
  /// One per pod and kind (and state, for kSlow), however many containers share it.
  struct Notice {
    enum class Kind {
      kHeld,       ///< It begins to be held, for the nodes.
      kConnected,  ///< It begins to be held for its connections.
      kSlow,       ///< People should know what it waits for.
      kReleased,   ///< There is a verdict.
    };
    kube::Pod pod;
    std::uint64_t revision = 0;
    std::optional<GateVerdict> verdict;
    Kind kind = Kind::kHeld;
    std::string text;
  };
  struct Effects {
    std::vector<Answer> answers;
    std::vector<Notice> notices;
    std::vector<Ask> asks;
    /// Pods of this node whose untaken connections are to be counted; tell by untaken().
    std::vector<kube::Pod> inspect;
    /// Pods of this node whose open connections are to be counted; tell by connections().
    std::vector<kube::Pod> count;
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

  /// Which connections to the pod are open, or that this cannot be told.
  void connections(const std::string& podUid, std::optional<OpenConnections> open);

  /// A hook has arrived; step() answers it under this ticket some time.
  Ticket hold(const PodRef& ref);
  Ticket hold(std::string_view gateId) {
    return hold(PodRef{PodRef::By::kGateId, std::string(gateId)});
  }
  /// The caller has gone; it gets no answer.
  void drop(Ticket ticket);

  Effects step();
  std::size_t held() const { return waits_.size(); }

 private:
  struct Wait {
    MonoTime since{};
    GateState state = GateState::kLookingUp;
    std::uint64_t revision = 0;
    std::optional<MonoTime> acknowledged;  ///< Since when every node has removed the endpoints.
    bool taken = false;                ///< The application has taken every connection since then.
    std::optional<MonoTime> accepted;  ///< Since when its open connections are waited for.
    MonoTime nextCount{};
    std::optional<OpenConnections> open;  ///< When they were counted last.
    bool quiet = false;                   ///< None was left, or it cannot be told.
    std::vector<Ticket> tickets;
  };
  /// Where a wait stands: its state, when that ends, and how.
  struct Position {
    GateState state = GateState::kPassed;
    MonoTime until{};
    GateVerdict verdict;
  };

  /// What was said of a pod.
  struct Said {
    bool held = false;
    bool connected = false;
    GateState slow = GateState::kPassed;
  };

  Position locate(const PodRef& ref, const Wait& wait) const;
  Position locateDeleted(const kube::Pod& pod, const Wait& wait) const;
  Position waiting(GateState state, MonoTime until, GateReason reason,
                   std::vector<std::string> missing, std::uint64_t revision) const;
  Position passed(GateReason reason, std::uint64_t revision = 0) const;
  Position awaitAccept(Position acknowledged, const kube::Pod& pod, Wait& wait, Effects& effects);
  Position awaitQuiet(Position acknowledged, const kube::Pod& pod, Wait& wait, Effects& effects);
  Position lastSteps(Position acknowledged, const kube::Pod& pod, Wait& wait, Effects& effects);
  void announce(const Position& position, const kube::Pod& pod, const Wait& wait, Effects& effects);
  void release(Position position, const kube::Pod* deleted, const Wait& wait, Effects& effects);
  bool settle(const PodRef& ref, Wait& wait, Effects& effects);
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
  std::map<PodRef, Wait> waits_;
  std::map<std::string, Said> said_;             ///< by pod UID
  std::map<std::string, GateVerdict> verdicts_;  ///< Pod UID -> verdict, for hooks that come later.
};

}  // namespace hitless::drain

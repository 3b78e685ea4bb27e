#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "core/proxy/drain/mode.h"

/// The end of a proxy as a table of states and events; see docs/proxy.md.
namespace hitless::proxy {

/// In this order; a machine never goes back.
enum class DrainState : std::uint8_t {
  kLive,
  kLameDuck,  ///< Not ready any more. Serves as before: clients may not have heard of it yet.
  kNotify,    ///< Clients are being told to go elsewhere.
  kFinal,     ///< All have been told; what is in flight ends.
  kExit,
};

enum class DrainEvent : std::uint8_t {
  kTerminated,            ///< SIGTERM.
  kTerminatedAfterOrder,  ///< SIGTERM after an order to drain: pilot-agent's skipDrain.
  kDrainOrdered,          ///< POST /drain
  kNotifyOrdered,         ///< POST /drain_listeners
  kQuitOrdered,           ///< POST /quitquitquit
  kRemovalAcknowledged,   ///< Nobody sends new connections here any more.
  kRemovalOverdue,        ///< DrainSettings::removalWait is over.
  kApplicationGone,       ///< After SIGTERM: there is nobody to serve.
  kAllNoticed,            ///< Every connection's client knows.
  kNoticeOverdue,         ///< A client has not answered the PING in time.
  kWaitOver,              ///< The mode's duration since SIGTERM.
  kNoConnections,         ///< Counted once a second, as pilot-agent does.
  kNothingInFlight,       ///< See DrainMachine.
  kDeadline,              ///< The grace period, but for the reserve, is used up.
};

/// "LIVE", "LAMEDUCK" ...
std::string_view name(DrainState state);
/// "SIGTERM", "removal acknowledged" ...: for people.
std::string_view name(DrainEvent event);

/// What is so at this moment.
struct DrainObservation {
  /// Of both directions, with upgraded connections and connections of bytes: those are requests
  /// that last as long as they do.
  std::size_t activeRequests = 0;
  /// TCP connections of clients, idle or not. kZeroConnections counts these.
  std::size_t activeConnections = 0;
  /// Those of them whose ServerSession::noticed() holds.
  std::size_t noticedConnections = 0;
  /// Written to clients' sockets, but not acknowledged by their kernels (SIOCOUTQ). Closing a
  /// connection is safe once this is 0.
  std::uint64_t unacknowledgedBytes = 0;
  /// accept() says EAGAIN. What sits in the queue when a socket is closed is reset.
  bool acceptQueueEmpty = true;
  /// Every node has acknowledged that this endpoint is gone. True from the start if SIGTERM was
  /// held until then (the gate).
  bool removalAcknowledged = false;
  /// Whether the application has ended; nullopt: it cannot be seen, or there is none (gateway). As
  /// long as it is false the application may call out, so there is no EXIT before the deadline.
  std::optional<bool> applicationGone;
};

/// Who is told to go elsewhere. Clients only: the application's own connections to the outbound
/// listener are told nothing and served until EXIT.
enum class Notice : std::uint8_t {
  kNone,
  kWithResponses,  ///< Connections on which a response is sent, with it: Envoy's "immediate".
  kAll,            ///< ServerSession::notice() on every connection, also idle and new ones.
};

/// What holds from now on.
struct DrainActions {
  bool failReadiness = false;
  Notice notice = Notice::kNone;
  /// HTTP/1.1 connections on which nothing has come for so long are closed: write side first, then
  /// read until the end (or 1 s). A request that arrives nevertheless is answered.
  std::optional<nanoseconds> closeIdle;
  /// Close the listening sockets, when accept() says EAGAIN. They stay open until EXIT otherwise.
  bool stopAccepting = false;
  /// With exit: there may be something in flight. It is cut and goes to the Ledger as such.
  bool cutRest = false;
  bool exit = false;
  /// When to call step() again if nothing happens; nullopt: not before something does.
  std::optional<MonoTime> next;
  bool operator==(const DrainActions&) const = default;
};

/// A POST to the admin endpoint.
struct DrainOrder {
  bool graceful = true;         ///< False: the listening sockets are closed now.
  bool skipExit = true;         ///< False: they are closed when nothing is in flight any more.
  bool waitForRemoval = false;  ///< LAMEDUCK first (POST /drain).
};

struct DrainTransition {
  DrainState to = DrainState::kLive;
  DrainEvent event = DrainEvent::kTerminated;
  MonoTime when{};
};

/// Ends the process after SIGTERM only; an order to drain leads as far as FINAL.
///
/// In mode `requests` nothing is in flight when there is no active request, no unacknowledged byte
/// and nothing in the accept queue, and this has been so for `quiet` and idle connections have had
/// as long to be closed; at once if there is no connection, or no application any more. Idle
/// connections do not keep the process.
class DrainMachine {
 public:
  explicit DrainMachine(DrainSettings settings) : settings_(settings) {}

  /// SIGTERM. `spent`: how much of the grace period had gone by then, if the caller knows (a
  /// preStop hook runs within it). An order to drain that came less than a grace period ago is
  /// taken for such a hook. Repeated: nothing.
  void terminate(MonoTime now, nanoseconds spent = {});
  /// Repeated: nothing but what it asks more than before.
  void order(MonoTime now, DrainOrder order);
  /// POST /quitquitquit
  void quit();
  /// POST /healthcheck/fail and /healthcheck/ok: readiness, and a notice with responses.
  void setHealthy(bool healthy) { healthy_ = healthy; }

  DrainActions step(MonoTime now, const DrainObservation& seen);

  DrainState state() const { return state_; }
  const DrainSettings& settings() const { return settings_; }
  bool terminated() const { return terminated_.has_value(); }
  /// When what is left is cut; nullopt: never.
  std::optional<MonoTime> deadline() const { return deadline_; }
  const std::vector<DrainTransition>& transitions() const { return transitions_; }

 private:
  bool holds(DrainEvent event, MonoTime now, const DrainObservation& seen) const;
  bool nothingInFlight(MonoTime now, const DrainObservation& seen) const;
  bool applicationGone(const DrainObservation& seen) const;
  void watchCalm(MonoTime now, const DrainObservation& seen);
  void watchPolls(MonoTime now);
  void enter(DrainState state, DrainEvent event, MonoTime now);
  DrainActions actions(MonoTime now, const DrainObservation& seen) const;
  std::optional<MonoTime> nextTime(MonoTime now, const DrainObservation& seen) const;

  DrainSettings settings_;
  DrainState state_ = DrainState::kLive;
  MonoTime since_{};        ///< When state_ was entered.
  MonoTime notifySince_{};  ///< When clients began to be told.
  std::optional<MonoTime> terminated_;
  std::optional<MonoTime> ordered_;
  std::optional<MonoTime> deadline_;
  std::optional<MonoTime> calmSince_;
  MonoTime nextPoll_{};
  bool polls_ = false;  ///< This step() is one of the once-a-second ones.
  bool waitForRemoval_ = false;
  bool notifyOrdered_ = false;
  bool stopNow_ = false;
  bool stopWhenCalm_ = false;
  bool quit_ = false;
  bool cut_ = false;
  bool healthy_ = true;
  std::vector<DrainTransition> transitions_;
};

}  // namespace hitless::proxy

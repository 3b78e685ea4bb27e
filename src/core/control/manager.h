#pragma once

#include <functional>
#include <map>
#include <optional>

#include "base/rng.h"
#include "core/control/action.h"
#include "core/control/controllers/cache.h"
#include "core/control/controllers/controller.h"
#include "core/control/controllers/work_queue.h"
#include "core/control/store.h"
#include "core/timeline/event.h"

namespace hitless::control {

/// How late Kubernetes' EndpointSlice controller is, for profile `stock`. All zero: not at all.
struct EndpointLag {
  /// From a change to the sync of its Service, on every sync.
  nanoseconds delay{};
  /// On top of it, uniform in [0, jitter).
  nanoseconds jitter{};
  /// A sync so soon after the controller's own write finds an informer that has not seen that write
  /// yet, and fails with a conflict. It is retried after `conflictRetry` or at the next change.
  nanoseconds conflictWindow{};
  nanoseconds conflictRetry{};
};

struct ManagerOptions : ControllerOptions {
  EndpointLag endpointLag;
};

/// Runs the controllers: follows the store, keeps the cache, queues the keys that a change
/// concerns, reconciles them and has the actions carried out.
///
/// Threading: one thread, the store's. The manager never calls back into the store or the sink from
/// a store event; it asks to be run (`wake`), and works in runSome().
class Manager {
 public:
  /// `wake` is called when there is work to do or an earlier time to come back at, except from
  /// within runSome(). It may be called from a store event and must do no more than arrange for
  /// runSome() to be called later.
  Manager(Store& store, ActionSink& sink, timeline::Sink& timeline, const Clock& clock, Rng& rng,
          ManagerOptions options, std::function<void()> wake);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// Takes in what the store holds and follows it from here on. Call once.
  void start();

  /// Reconciles at most `count` keys. True if more are ready.
  bool runSome(std::size_t count);

  /// When to call runSome() again: a time in the past if now, nullopt if only a change can bring
  /// work.
  std::optional<MonoTime> nextWake() const { return queue_.nextWake(); }

 private:
  void onStoreEvent(const StoreEvent& event);
  void enqueue(WorkItem item);
  void process(const WorkItem& item);
  bool staleByLag(const WorkItem& item, const Actions& actions);
  bool perform(const WorkItem& item, const Action& action);
  void report(const Outcome& outcome, std::string_view name, const Error* error);
  void recordSlice(const kube::json::object& slice, const WorkItem& item);

  Store& store_;
  ActionSink& sink_;
  timeline::Sink& timeline_;
  const Clock& clock_;
  Rng& rng_;
  const ManagerOptions options_;
  const std::function<void()> wake_;
  std::optional<Store::Subscription> subscription_;
  Cache cache_;
  WorkQueue queue_;
  std::map<WorkItem, Failure> failures_;
  std::map<std::string, MonoTime> sliceWrites_;  ///< Only kept for EndpointLag::conflictWindow.
  const WorkItem* current_ = nullptr;            ///< What is being reconciled.
  /// Its own actions concern it. Kept apart from the queue: after a failure the back-off rules.
  bool touchedItself_ = false;
  bool running_ = false;
};

}  // namespace hitless::control

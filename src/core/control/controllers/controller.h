#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/control/action.h"
#include "core/control/controllers/cache.h"
#include "core/control/store.h"

namespace hitless::control {

struct ControllerOptions {
  /// PEM of the API server's CA, for the ConfigMap kube-root-ca.crt of every namespace.
  std::string rootCa;
  /// Silence after which a node counts as lost (kube-controller-manager's
  /// --node-monitor-grace-period).
  nanoseconds nodeMonitorGracePeriod = seconds(40);
  /// How long pods of a node that does not exist are kept (the pod garbage collector's quarantine).
  nanoseconds absentNodeQuarantine = seconds(40);
};

/// Why the last attempt at a key failed.
struct Failure {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  bool ofPods = false;  ///< Creating or deleting something failed, not changing it.
};

/// What a controller can see when it is asked about a key.
struct View {
  const Cache& cache;
  const Store& store;
  const ControllerOptions& options;
  WallTime now;
  const Failure* failure = nullptr;  ///< Of the last attempt, if it failed.
};

using Keys = std::vector<std::string>;

/// How a controller is run: which of its keys a change concerns, and what to do about one.
struct Controller {
  std::string_view name;
  void (*concerns)(const Change& change, const Cache& cache, Keys& keys);
  Actions (*reconcile)(const std::string& key, const View& view);
};

/// All controllers.
std::span<const Controller> controllers();
/// The row whose lag profile `stock` sets.
std::size_t endpointSliceController();

}  // namespace hitless::control

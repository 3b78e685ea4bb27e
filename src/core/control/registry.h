#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "core/control/admission.h"
#include "core/control/api_error.h"
#include "core/control/api_request.h"
#include "core/control/event_recorder.h"
#include "core/control/store.h"
#include "core/timeline/event.h"

namespace hitless::control {

struct WriteOptions {
  /// Who owns what is written (metadata.managedFields). Empty, for writers inside the process: kept
  /// up to date only where an object has owners already.
  std::string fieldManager;
  bool dryRun = false;
  bool ownersDone = false;  ///< The object's managedFields are right already (server-side apply).
  std::vector<std::string>* warnings = nullptr;  ///< Gets what admission has to say to the client.
};

struct DeleteOptions {
  std::optional<std::int64_t> gracePeriodSeconds;
  std::string propagationPolicy;  ///< "", Background, Foreground, Orphan
  std::string uid;                ///< Precondition, if not empty.
  std::string resourceVersion;    ///< Precondition, if not empty.
  bool dryRun = false;
};

struct Removed {
  kube::ObjectPtr object;  ///< The last state.
  bool gone = false;       ///< False: it waits for its grace period or finalizers.
};

/// The only way objects get into the store: defaults, admission, validation, ownership, optimistic
/// concurrency, graceful deletion. Objects handed in have the right JSON types (decodeObject).
class Registry {
 public:
  struct Options {
    AddressRanges ranges;
    AdmissionOptions admission;
  };

  Registry(Store& store, const Clock& clock, Rng& rng, timeline::Sink& timeline, Options options);

  ApiResult<kube::ObjectPtr> create(const kube::Resource& resource, std::string_view ns,
                                    kube::json::object object, const WriteOptions& options);

  /// Makes the next state from the live one.
  using Change = std::function<ApiResult<kube::json::object>(const kube::json::object& live)>;
  /// A change through `target.subresource` ("", "status", "finalize"). A change that changes
  /// nothing keeps the resourceVersion.
  ApiResult<kube::ObjectPtr> modify(const Target& target, const Change& change,
                                    const WriteOptions& options);

  ApiResult<Removed> remove(const Target& target, const DeleteOptions& options);

  /// Assigns a pod to a node.
  ApiStatus bind(std::string_view ns, std::string_view pod, std::string_view node, bool dryRun);

  Store& store() { return store_; }
  const Clock& clock() const { return clock_; }
  Rng& rng() { return rng_; }
  EventRecorder& events() { return events_; }

 private:
  ApiStatus identify(const kube::Resource& resource, std::string_view ns,
                     kube::json::object& object);
  AdmissionRequest admission(AdmissionRequest::Operation operation, const kube::Resource& resource,
                             std::string_view ns, kube::json::object& object,
                             const kube::json::object* live);
  void afterCreate(const kube::Resource& resource, const kube::json::object& object);
  ApiResult<kube::ObjectPtr> replace(const Target& target, const kube::json::object& live,
                                     kube::json::object next, const WriteOptions& options);
  ApiResult<kube::ObjectPtr> commit(const Target& target, std::uint64_t expected,
                                    kube::json::object next);
  ApiResult<kube::ObjectPtr> erase(const Target& target, std::uint64_t expected);
  ApiResult<bool> settleDependents(const kube::json::object& owner, const DeleteOptions& options);
  void report(timeline::What what, const kube::json::object& pod);

  Store& store_;
  const Clock& clock_;
  Rng& rng_;
  timeline::Sink& timeline_;
  Options options_;
  ServiceAddresses addresses_;
  EventRecorder events_;
};

}  // namespace hitless::control

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

/// What controllers decide, as values. Controllers are pure: reconcile(state) -> actions; somebody
/// else carries the actions out through the API, with its defaulting, validation and admission.
namespace hitless::control {

struct ObjectRef {
  const kube::Resource* resource = nullptr;
  std::string ns;
  std::string name;
  std::string uid;
  bool operator==(const ObjectRef&) const = default;
};

/// The Event that tells how an action went, where its text needs the outcome. Whoever runs the
/// controller emits it after the action; an ActionSink ignores it.
struct Outcome {
  ObjectRef regarding;
  std::string component;
  std::string successReason;   ///< Empty: no Event.
  std::string successMessage;  ///< Followed by the object's name.
  std::string failureReason;
  std::string failureMessage;  ///< Followed by the error.
};

struct Create {
  const kube::Resource* resource = nullptr;
  kube::json::object object;  ///< With metadata.namespace, and metadata.name or generateName.
  std::optional<Outcome> outcome = {};
};

/// A merge patch (RFC 7386) of the object or of a subresource.
struct Patch {
  ObjectRef object;
  std::string subresource;  ///< "", "status", "scale", or "finalize" (namespaces: spec.finalizers)
  kube::json::object patch;
  std::optional<std::uint64_t> resourceVersion = {};  ///< Precondition: fails with kConflict.
  std::optional<Outcome> outcome = {};
};

struct Delete {
  ObjectRef object;  ///< A non-empty uid is a precondition.
  std::optional<std::int64_t> gracePeriodSeconds = {};
  std::string propagationPolicy = {};  ///< "", Background, Foreground, Orphan
  std::optional<Outcome> outcome = {};
};

/// spec.nodeName of an unbound pod (the pods/binding subresource).
struct Bind {
  ObjectRef pod;
  std::string node;
};

/// A core/v1 Event; repeated ones are counted up by the carrier-out, as client-go's recorder does.
struct EmitEvent {
  ObjectRef regarding;
  std::string type;  ///< Normal or Warning
  std::string reason;
  std::string message;
  std::string component;  ///< source.component, "replicaset-controller"
};

/// Reconcile the same key again after a time, even if nothing changes.
struct Requeue {
  nanoseconds after{};
};

/// Carried out in order; the first that fails ends the list, because what follows was decided in
/// the belief that it would succeed. The key is then reconciled again after a back-off.
using Action = std::variant<Create, Patch, Delete, Bind, EmitEvent, Requeue>;
using Actions = std::vector<Action>;

/// Carries out actions. The embedded API server implements it in-process; tests record.
class ActionSink {
 public:
  virtual ~ActionSink() = default;
  /// The resulting object of Create and Patch; null for the others.
  virtual Result<kube::ObjectPtr> execute(const Action& action) = 0;
};

}  // namespace hitless::control

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

/// The store behind the API server: objects by resource, namespace and name, one global
/// resourceVersion, and a bounded history from which watches are served.
namespace hitless::control {

enum class EventType { kAdded, kModified, kDeleted };

/// One change of one object. `object` carries the resourceVersion of the change in its metadata.
struct StoreEvent {
  std::uint64_t revision = 0;
  EventType type = EventType::kAdded;
  const kube::Resource* resource = nullptr;
  std::string ns;
  std::string name;
  kube::ObjectPtr object;
  kube::ObjectPtr previous;  ///< The state before; null for kAdded.
};

class Store {
 public:
  virtual ~Store() = default;

  /// The latest revision; 0 before the first write.
  virtual std::uint64_t revision() const = 0;
  /// Null if it does not exist.
  virtual kube::ObjectPtr get(const kube::Resource& resource, std::string_view ns,
                              std::string_view name) const = 0;
  /// Ordered by namespace, then name. Empty `ns` means all namespaces.
  virtual std::vector<kube::ObjectPtr> list(const kube::Resource& resource,
                                            std::string_view ns) const = 0;

  // Writers set metadata.resourceVersion in the stored copy and return that copy.

  /// kConflict if it exists.
  virtual Result<kube::ObjectPtr> create(const kube::Resource& resource, std::string_view ns,
                                         std::string_view name, kube::json::object object) = 0;
  /// kNotFound if it does not exist; kConflict if its resourceVersion is not `expected`.
  virtual Result<kube::ObjectPtr> update(const kube::Resource& resource, std::string_view ns,
                                         std::string_view name, std::uint64_t expected,
                                         kube::json::object object) = 0;
  /// Returns the last state, with the resourceVersion of the deletion.
  virtual Result<kube::ObjectPtr> remove(const kube::Resource& resource, std::string_view ns,
                                         std::string_view name, std::uint64_t expected) = 0;

  /// The changes of one resource after `revision`, oldest first; kNotFound ("410 Gone") if the
  /// history no longer reaches back that far.
  virtual Result<std::vector<StoreEvent>> since(const kube::Resource& resource,
                                                std::uint64_t revision) const = 0;

  /// Called after each committed change, in order, until the subscription is cancelled. A listener
  /// must not write to the store from inside the call.
  using Listener = std::function<void(const StoreEvent&)>;
  using Subscription = std::uint64_t;
  virtual Subscription subscribe(Listener listener) = 0;
  virtual void cancel(Subscription subscription) = 0;
};

}  // namespace hitless::control

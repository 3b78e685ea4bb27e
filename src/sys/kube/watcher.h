#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/rng.h"
#include "core/watch/prune.h"
#include "core/watch/update.h"
#include "sys/kube/client.h"

namespace hitless::sys {

/// Keeps one collection in step with the API server for ever; see watch::Reflector, which it
/// drives. A server or connection that falls silent is left after a time.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// When the server last said something about the collection (a page, an event or a bookmark, one
  /// of which comes each minute or so), by the watcher's clock; nothing before the first time.
  virtual std::optional<MonoTime> lastContact() const = 0;
};

struct WatchTarget {
  const kube::Resource* resource = nullptr;
  std::string ns;             ///< Empty: all namespaces.
  std::string fieldSelector;  ///< "spec.nodeName=node-1"
  std::string labelSelector;
  /// What `deliver` never reads of an object: it is dropped as soon as it arrives.
  std::vector<watch::FieldPath> unread = {};
  bool optional = false;  ///< Not served by older servers: then it is empty.
};

/// `deliver` gets each update on the client's io_context. Destroying the Watcher stops it.
std::unique_ptr<Watcher> startWatch(boost::asio::io_context& io, KubeClient& client, Clock& clock,
                                    Rng& rng, WatchTarget target,
                                    std::function<void(const watch::Update&)> deliver);

}  // namespace hitless::sys

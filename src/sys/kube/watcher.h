#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/rng.h"
#include "core/watch/update.h"
#include "sys/kube/client.h"

namespace hitless::sys {

/// Keeps one collection in step with the API server for ever: list (in pages), watch with
/// bookmarks, relist on 410, back-off with jitter, dead-man timer. Drives a watch::Reflector.
class Watcher {
 public:
  virtual ~Watcher() = default;
};

struct WatchTarget {
  const kube::Resource* resource = nullptr;
  std::string ns;             ///< Empty: all namespaces.
  std::string fieldSelector;  ///< "spec.nodeName=node-1"
  std::string labelSelector;
};

/// `deliver` gets each update on the client's io_context. Destroying the Watcher stops it.
std::unique_ptr<Watcher> startWatch(boost::asio::io_context& io, KubeClient& client, Clock& clock,
                                    Rng& rng, WatchTarget target,
                                    std::function<void(const watch::Update&)> deliver);

}  // namespace hitless::sys

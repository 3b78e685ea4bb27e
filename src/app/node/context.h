#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "app/agent/pod_door_client.h"
#include "base/clock.h"
#include "core/node/image.h"
#include "core/node/node_object.h"
#include "core/timeline/event.h"
#include "sys/kube/client.h"

namespace hitless::app {

/// What the parts of one node process share. Everything lives as long as the process.
struct NodeContext {
  boost::asio::io_context& io;
  Clock& clock;
  sys::KubeClient& api;
  timeline::Sink& timeline;
  node::NodeFacts facts;
  node::ImageLookup images;
  std::string directory;  ///< Private to the cluster: logs, pod directories.
  /// Addresses of the cluster's DNS Service; none: pods use the node's servers.
  std::vector<std::string> clusterDns;
  std::string token;            ///< What projected service account tokens contain.
  PodDoorClient& agent;         ///< Of this node.
  std::uint64_t sandboxes = 0;  ///< How many attempts there were: each has its own number.
};

}  // namespace hitless::app

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "app/node/pod_runner.h"
#include "base/rng.h"
#include "sys/kube/watcher.h"

namespace hitless::app {

/// Runs the pods that are bound to this node and keeps the routes to the other nodes' pods.
class Kubelet {
 public:
  Kubelet(NodeContext& context, PodNetwork network);
  void start(Rng& rng);

 private:
  void podsChanged(const watch::Update& update);
  void podSeen(const kube::json::object& pod);
  void podGone(const std::string& uid);
  void nodesChanged(const watch::Update& update);
  void setRoutes();
  void dropFinished();

  NodeContext& context_;
  PodNetwork network_;
  PodEventWriter events_;
  std::map<std::string, std::shared_ptr<PodRunner>> pods_;  ///< By uid.
  std::set<std::string> inApi_;                             ///< The uids that the API server has.
  std::map<std::string, kube::Node> nodes_;
  boost::asio::steady_timer retry_;
  std::unique_ptr<sys::Watcher> podWatch_;
  std::unique_ptr<sys::Watcher> nodeWatch_;
};

}  // namespace hitless::app

#include "app/node/kubelet.h"

#include <spdlog/spdlog.h>

namespace hitless::app {
namespace {

std::string uidOf(const kube::json::object& object) {
  return std::string(kube::text(object, {"metadata", "uid"}));
}

}  // namespace

Kubelet::Kubelet(NodeContext& context, PodNetwork network)
    : context_(context), network_(std::move(network)), events_(context), retry_(context.io) {}

void Kubelet::start(Rng& rng) {
  podWatch_ = sys::startWatch(context_.io, context_.api, context_.clock, rng,
                              {&kube::res::kPods, {}, "spec.nodeName=" + context_.facts.name, {}},
                              [this](const watch::Update& update) { podsChanged(update); });
  nodeWatch_ = sys::startWatch(context_.io, context_.api, context_.clock, rng,
                               {&kube::res::kNodes, {}, {}, {}},
                               [this](const watch::Update& update) { nodesChanged(update); });
}

void Kubelet::podsChanged(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    std::set<std::string> listed;
    for (const watch::Change& change : update.changes) {
      listed.insert(uidOf(*change.object));
    }
    std::vector<std::string> missing;
    std::set_difference(inApi_.begin(), inApi_.end(), listed.begin(), listed.end(),
                        std::back_inserter(missing));
    for (const std::string& uid : missing) {
      podGone(uid);
    }
  }
  for (const watch::Change& change : update.changes) {
    if (change.type == watch::ChangeType::kDelete) {
      podGone(uidOf(*change.object));
    } else {
      podSeen(*change.object);
    }
  }
  dropFinished();
}

void Kubelet::podSeen(const kube::json::object& pod) {
  const std::string uid = uidOf(pod);
  if (inApi_.insert(uid).second) {
    auto runner = std::make_shared<PodRunner>(context_, network_, events_, pod);
    pods_[uid] = runner;
    runner->begin();
  } else if (const auto it = pods_.find(uid); it != pods_.end()) {
    it->second->updated(pod);
  }
}

void Kubelet::podGone(const std::string& uid) {
  inApi_.erase(uid);
  if (const auto it = pods_.find(uid); it != pods_.end()) {
    it->second->forgotten();
  }
}

/// A pod stays known while either the API server or the node has something of it.
void Kubelet::dropFinished() {
  std::erase_if(pods_, [this](const auto& entry) {
    return !inApi_.contains(entry.first) && entry.second->gone();
  });
}

void Kubelet::nodesChanged(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    nodes_.clear();
  }
  for (const watch::Change& change : update.changes) {
    const kube::Node node = kube::nodeOf(*change.object);
    if (change.type == watch::ChangeType::kDelete) {
      nodes_.erase(node.meta.name);
    } else {
      nodes_[node.meta.name] = node;
    }
  }
  setRoutes();
}

void Kubelet::setRoutes() {
  std::vector<kube::Node> nodes;
  for (const auto& [name, node] : nodes_) {
    nodes.push_back(node);
  }
  const Status set = network_.setRoutes(node::routesTo(nodes, context_.facts.name));
  if (set) {
    return;
  }
  spdlog::warn("routes to other nodes: {}", set.error().text());
  retry_.expires_after(std::chrono::seconds(1));
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      setRoutes();
    }
  });
}

}  // namespace hitless::app

#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/drain/gate_hook.h"
#include "core/kube/objects.h"
#include "core/watch/update.h"
#include "testing/watermark/api.h"

namespace hitless::testing::watermark {

/// What one agent has been told since it started, kept apart from the gate so that the gate can be
/// judged by it: nobody can wait for what no news speaks of.
class Knowledge {
 public:
  void apply(Kind kind, const watch::Update& update, MonoTime now) {
    if (update.kind == watch::Update::Kind::kFull) {
      clear(kind);
    }
    for (const watch::Change& change : update.changes) {
      take(kind, change, now);
    }
    noteSelected();
  }

  /// Some news said that the pod is an endpoint, or that it is going to be one: ready and selected.
  bool ofEndpoint(const std::string& uid) const { return endpoints_.contains(uid); }
  /// The pod is there, as far as has been told.
  bool ofPod(const std::string& uid) const {
    return std::any_of(pods_.begin(), pods_.end(),
                       [&](const auto& entry) { return entry.second.meta.uid == uid; });
  }
  std::optional<MonoTime> ofDeletion(const std::string& uid) const {
    const auto found = deletions_.find(uid);
    return found == deletions_.end() ? std::nullopt : std::optional(found->second);
  }
  /// Some slice shows the pod, and not as terminating.
  bool ofSliceWith(const std::string& uid) const {
    return std::any_of(shown_.begin(), shown_.end(),
                       [&](const auto& slice) { return slice.second.contains(uid); });
  }
  std::uint64_t ofWatermark(const std::string& node) const {
    const auto found = watermarks_.find(node);
    return found == watermarks_.end() ? 0 : found->second;
  }
  void answered(const std::string& node, std::uint64_t watermark) {
    watermarks_[node] = std::max(watermarks_[node], watermark);
  }
  std::set<std::string> readyNodes() const {
    std::set<std::string> names;
    for (const auto& [name, ready] : nodes_) {
      if (ready) {
        names.insert(name);
      }
    }
    return names;
  }

 private:
  void take(Kind kind, const watch::Change& change, MonoTime now) {
    const bool gone = change.type == watch::ChangeType::kDelete;
    const std::string name(kube::text(*change.object, {"metadata", "name"}));
    switch (kind) {
      case Kind::kPods:
        pods_.erase(name);
        return gone ? void() : setPod(name, *change.object, now);
      case Kind::kServices:
        selectors_.erase(name);
        return gone ? void() : setService(name, *change.object);
      case Kind::kNodes:
        nodes_.erase(name);
        return gone ? void() : setNode(name, *change.object);
      case Kind::kSlices:
        shown_.erase(name);
        return setSlice(name, *change.object, gone);
    }
  }
  void setService(const std::string& name, const kube::json::object& object) {
    selectors_[name] = kube::serviceOf(object).selector["app"];
  }
  void setNode(const std::string& name, const kube::json::object& object) {
    nodes_[name] = kube::nodeOf(object).ready();
  }
  void setSlice(const std::string& name, const kube::json::object& object, bool gone) {
    for (const kube::Endpoint& endpoint : kube::endpointSliceOf(object).endpoints) {
      endpoints_.insert(endpoint.targetUid);
      if (!gone && !endpoint.terminating) {
        shown_[name].insert(endpoint.targetUid);
      }
    }
  }
  void clear(Kind kind) {
    kind == Kind::kPods       ? pods_.clear()
    : kind == Kind::kServices ? selectors_.clear()
    : kind == Kind::kNodes    ? nodes_.clear()
                              : shown_.clear();
  }
  void setPod(const std::string& name, const kube::json::object& object, MonoTime now) {
    const kube::Pod pod = kube::podOf(object);
    if (pod.meta.terminating()) {
      deletions_.emplace(pod.meta.uid, now);
    }
    pods_[name] = pod;
  }
  void noteSelected() {
    for (const auto& [name, pod] : pods_) {
      const auto app = pod.meta.labels.find("app");
      for (const auto& [service, selector] : selectors_) {
        if (pod.ready() && app != pod.meta.labels.end() && app->second == selector) {
          endpoints_.insert(pod.meta.uid);
        }
      }
    }
  }

  std::map<std::string, kube::Pod> pods_;               ///< by name
  std::map<std::string, std::string> selectors_;        ///< Service -> value of label app
  std::map<std::string, std::set<std::string>> shown_;  ///< slice -> UIDs that are not terminating
  std::map<std::string, std::uint64_t> watermarks_;     ///< The highest that the node has answered.
  std::map<std::string, bool> nodes_;                   ///< name -> Ready
  std::set<std::string> endpoints_;                     ///< UIDs
  std::map<std::string, MonoTime> deletions_;           ///< UID -> when it was told
};

}  // namespace hitless::testing::watermark

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
      listed_.insert(kind);
    }
    for (const watch::Change& change : update.changes) {
      take(kind, change, now);
    }
    noteSelected();
    std::erase_if(watermarks_, [&](const auto& entry) { return !nodes_.contains(entry.first); });
  }

  /// Pods, Services and slices have been told at all.
  bool listed() const {
    return listed_.contains(Kind::kPods) && listed_.contains(Kind::kServices) &&
           listed_.contains(Kind::kSlices);
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
  bool ofSelection(const std::string& uid) const {
    return std::any_of(pods_.begin(), pods_.end(), [&](const auto& entry) {
      return entry.second.meta.uid == uid && selected(entry.second);
    });
  }
  bool ofSlice(const std::string& uid) const {
    return std::any_of(shown_.begin(), shown_.end(),
                       [&](const auto& slice) { return slice.second.contains(uid); });
  }
  /// Some slice shows the pod, and not as terminating.
  bool ofSliceWith(const std::string& uid) const {
    return std::any_of(shown_.begin(), shown_.end(), [&](const auto& slice) {
      const auto endpoint = slice.second.find(uid);
      return endpoint != slice.second.end() && !endpoint->second;
    });
  }
  std::uint64_t ofWatermark(const std::string& node) const {
    const auto found = watermarks_.find(node);
    return found == watermarks_.end() ? 0 : found->second;
  }
  void answered(const std::string& node, std::uint64_t watermark) {
    if (nodes_.contains(node)) {
      watermarks_[node] = std::max(watermarks_[node], watermark);
    }
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
      if (!gone) {
        shown_[name][endpoint.targetUid] = endpoint.terminating;
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
  bool selected(const kube::Pod& pod) const {
    const auto app = pod.meta.labels.find("app");
    return pod.ready() && app != pod.meta.labels.end() &&
           std::any_of(selectors_.begin(), selectors_.end(),
                       [&](const auto& service) { return service.second == app->second; });
  }
  void noteSelected() {
    for (const auto& [name, pod] : pods_) {
      if (selected(pod)) {
        endpoints_.insert(pod.meta.uid);
      }
    }
  }

  std::map<std::string, kube::Pod> pods_;                     ///< by name
  std::map<std::string, std::string> selectors_;              ///< Service -> value of label app
  std::map<std::string, std::map<std::string, bool>> shown_;  ///< slice -> UID -> terminating
  std::map<std::string, std::uint64_t> watermarks_;  ///< The highest that the node has answered.
  std::map<std::string, bool> nodes_;                ///< name -> Ready
  std::set<Kind> listed_;
  std::set<std::string> endpoints_;            ///< UIDs
  std::map<std::string, MonoTime> deletions_;  ///< UID -> when it was told
};

}  // namespace hitless::testing::watermark

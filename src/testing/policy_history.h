#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/policy/book.h"
#include "testing/policy_nodes.h"
#include "testing/random_policies.h"

namespace hitless::testing {

/// Random histories of a small cluster with NetworkPolicies.
class PolicyHistory {
 public:
  static constexpr std::uint64_t kNodes = 3;

  struct Event {
    std::string text;  ///< For people.
    std::function<void(policy::Book&)> apply;
  };

  explicit PolicyHistory(Rng& rng) : random_(rng) {
    for (const char* ns : {"x", "y", "z"}) {
      namespaces_[ns] = random_.labels();
    }
    for (std::uint64_t node = 1; node <= kNodes; ++node) {
      nodes_.push_back({nodeName(node), {nodeAddress(node)}});
    }
  }

  static std::string nodeName(std::uint64_t node) { return fmt::format("node-{}", node); }
  static std::vector<std::string> nodeNames() { return {"node-1", "node-2", "node-3"}; }
  static IpAddress nodeAddress(std::uint64_t node) {
    return *IpAddress::parse(fmt::format("172.30.0.{}", node));
  }
  /// What the node's pods can have, of both families; more are never used.
  static std::pair<IpAddress, IpAddress> podAddresses(std::uint64_t node, std::uint64_t slot) {
    return {*IpAddress::parse(fmt::format("10.244.{}.{}", node, slot + 2)),
            *IpAddress::parse(fmt::format("fd00:244:{}::{}", node, slot + 2))};
  }
  static constexpr std::uint64_t kSlots = 4;

  /// All that there is now.
  PolicyLists lists() const {
    PolicyLists out;
    for (const auto& [key, policy] : policies_) {
      out.policies.push_back(policy);
    }
    for (const auto& [name, labels] : namespaces_) {
      out.namespaces.push_back(namespaceObject(name, labels));
    }
    for (const auto& [key, pod] : pods_) {
      out.pods.push_back(objectOf(pod));
    }
    for (const policy::Node& node : nodes_) {
      out.nodes.push_back(nodeObject(node, {networkOf(node.name, "10.244.{}.0/24"),
                                            networkOf(node.name, "fd00:244:{}::/64")}));
    }
    return out;
  }
  policy::State state() const {
    policy::State out{{}, namespaces_, {}, nodes_};
    for (const auto& [key, policy] : policies_) {
      out.policies.push_back(policy::policyOf(*policy));
    }
    for (const auto& [key, pod] : pods_) {
      out.pods.push_back(pod);
    }
    std::sort(out.pods.begin(), out.pods.end(),
              [](const policy::Pod& a, const policy::Pod& b) { return a.uid < b.uid; });
    return out;
  }

  Event next() {
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
        return changePolicy();
      case 3:
        return changeNamespace();
      case 4:
        return relist();
      default:
        return changePod();
    }
  }

 private:
  static std::string networkOf(const std::string& node, const char* pattern) {
    return fmt::format(fmt::runtime(pattern), node.substr(node.size() - 1));
  }
  std::string namespaceName() { return random_.pick({"x", "y", "z"}); }

  Event relist() {
    return {"everything is listed anew",
            [lists = lists()](policy::Book& book) { lists.applyTo(book); }};
  }

  Event changePolicy() {
    const std::string ns = namespaceName();
    const std::string name = fmt::format("p{}", random_.below(3));
    const std::string key = ns + "/" + name;
    const auto known = policies_.find(key);
    if (known != policies_.end() && random_.one(3)) {
      const kube::ObjectPtr old = known->second;
      policies_.erase(known);
      return {"policy " + key + " goes",
              [old](policy::Book& book) { book.applyPolicies(netpol::gone(old)); }};
    }
    const kube::ObjectPtr made = random_.policy(ns, name);
    policies_[key] = made;
    return {"policy " + key + " becomes " + kube::json::serialize(*made),
            [made](policy::Book& book) { book.applyPolicies(netpol::upsert(made)); }};
  }

  Event changeNamespace() {
    const std::string name = namespaceName();
    namespaces_[name] = random_.labels();
    const kube::ObjectPtr made = namespaceObject(name, namespaces_[name]);
    return {"namespace " + name + " becomes " + kube::json::serialize(*made),
            [made](policy::Book& book) { book.applyNamespaces(netpol::upsert(made)); }};
  }

  Event changePod() {
    const std::string ns = namespaceName();
    const std::string key = fmt::format("{}/pod-{}", ns, random_.below(5));
    const auto known = pods_.find(key);
    if (known == pods_.end()) {
      return addPod(ns, key);
    }
    policy::Pod& pod = known->second;
    switch (random_.below(6)) {
      case 0:
        pod.terminating = true;
        break;
      case 1:
        pod.finished = true;
        break;
      case 2:
        pod.ports = random_.namedPorts();
        break;
      case 3: {
        const kube::ObjectPtr old = objectOf(pod);
        pods_.erase(known);
        return {"pod " + key + " goes",
                [old](policy::Book& book) { book.applyPods(netpol::gone(old)); }};
      }
      default:
        pod.labels = random_.labels();
    }
    return podEvent(pod);
  }

  /// With addresses that no other pod has, or only one that is about to go or has ended.
  Event addPod(const std::string& ns, const std::string& key) {
    policy::Pod pod;
    pod.ns = ns;
    pod.name = key.substr(ns.size() + 1);
    pod.uid = fmt::format("uid-{:05}", ++uids_);
    pod.labels = random_.labels();
    pod.ports = random_.namedPorts();
    const std::uint64_t node = 1 + random_.below(kNodes);
    pod.node = nodeName(node);
    const auto [v4, v6] = podAddresses(node, random_.below(kSlots));
    pod.hostNetwork = random_.one(10);
    if (pod.hostNetwork) {
      pod.ips = {nodeAddress(node)};
    } else if (free(v4) && free(v6)) {
      pod.ips = random_.one(4) ? std::vector{v4} : std::vector{v4, v6};
    }
    pods_[key] = pod;
    return podEvent(pod);
  }
  bool free(const IpAddress& address) const {
    return std::none_of(pods_.begin(), pods_.end(), [&](const auto& entry) {
      const policy::Pod& pod = entry.second;
      return !pod.finished && !pod.terminating &&
             std::find(pod.ips.begin(), pod.ips.end(), address) != pod.ips.end();
    });
  }
  static Event podEvent(const policy::Pod& pod) {
    const kube::ObjectPtr made = objectOf(pod);
    return {"pod becomes " + kube::json::serialize(*made),
            [made](policy::Book& book) { book.applyPods(netpol::upsert(made)); }};
  }

  RandomPolicies random_;
  std::uint64_t uids_ = 0;
  std::map<std::string, kube::ObjectPtr> policies_;
  std::map<std::string, kube::Labels, std::less<>> namespaces_;
  std::map<std::string, policy::Pod> pods_;
  std::vector<policy::Node> nodes_;
};

}  // namespace hitless::testing

#pragma once

#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/nft/text.h"
#include "core/nft/walk.h"
#include "core/policy/evaluate.h"
#include "core/rules/names.h"
#include "core/rules/policy_programmer.h"
#include "testing/policy_objects.h"

/// Nodes that keep their table of NetworkPolicies, in memory, and connections from node to node.
namespace hitless::testing {

using netpol::full;

inline kube::ObjectPtr objectOf(const policy::Pod& pod) {
  kube::json::array ports;
  for (const policy::NamedPort& port : pod.ports) {
    ports.emplace_back(kube::json::object{{"name", port.name},
                                          {"protocol", service::name(port.protocol)},
                                          {"containerPort", port.port}});
  }
  kube::json::array ips;
  for (const IpAddress& ip : pod.ips) {
    ips.emplace_back(kube::json::object{{"ip", ip.text()}});
  }
  kube::json::object labels;
  for (const auto& [key, value] : pod.labels) {
    labels[key] = value;
  }
  kube::json::object meta{
      {"namespace", pod.ns}, {"name", pod.name}, {"uid", pod.uid}, {"labels", labels}};
  if (pod.terminating) {
    meta["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  }
  const kube::json::object container{{"name", "main"}, {"ports", ports}};
  const kube::json::object spec{{"nodeName", pod.node},
                                {"hostNetwork", pod.hostNetwork},
                                {"containers", kube::json::array{container}}};
  kube::json::object status{{"phase", pod.finished ? "Succeeded" : "Running"}, {"podIPs", ips}};
  return std::make_shared<const kube::json::object>(
      kube::json::object{{"metadata", meta}, {"spec", spec}, {"status", status}});
}

inline kube::ObjectPtr namespaceObject(const std::string& name, const kube::Labels& labels) {
  kube::json::object out;
  for (const auto& [key, value] : labels) {
    out[key] = value;
  }
  return std::make_shared<const kube::json::object>(
      kube::json::object{{"metadata", {{"name", name}, {"labels", out}}}});
}

inline kube::ObjectPtr nodeObject(const policy::Node& node,
                                  const std::vector<std::string>& podNetworks) {
  kube::json::array addresses;
  for (const IpAddress& address : node.addresses) {
    addresses.emplace_back(kube::json::object{{"type", "InternalIP"}, {"address", address.text()}});
  }
  kube::json::array networks(podNetworks.begin(), podNetworks.end());
  return std::make_shared<const kube::json::object>(
      kube::json::object{{"metadata", {{"name", node.name}}},
                         {"spec", {{"podCIDRs", networks}}},
                         {"status", {{"addresses", addresses}}}});
}

/// Everything that policies depend on, as watches list it.
struct PolicyLists {
  std::vector<kube::ObjectPtr> policies;
  std::vector<kube::ObjectPtr> namespaces;
  std::vector<kube::ObjectPtr> pods;
  std::vector<kube::ObjectPtr> nodes;

  void applyTo(policy::Book& book) const {
    book.applyPolicies(full(policies));
    book.applyNamespaces(full(namespaces));
    book.applyPods(full(pods));
    book.applyNodes(full(nodes));
  }
};

/// What became of a connection's first packet, on the node that said it.
struct NodeVerdict {
  std::string node;
  nft::WalkOutcome outcome;
  const nft::Ruleset* ruleset = nullptr;

  /// The rules that it met, for people.
  std::string lines() const {
    return ruleset == nullptr ? std::string() : join(nft::lines(outcome, *ruleset), "\n");
  }
};

class PolicyNode {
 public:
  PolicyNode(std::string name, const rules::PolicyTableOptions& options)
      : name_(std::move(name)), options_(options), programmer_(dataplane_, book_, options) {}

  policy::Book& book() { return book_; }
  const nft::Ruleset& ruleset() const { return dataplane_.ruleset(); }
  rules::PolicyReceipt sync() {
    auto receipt = programmer_.sync();
    EXPECT_TRUE(receipt) << name_ << ": " << receipt.error().text();
    return receipt.value_or(rules::PolicyReceipt{});
  }
  /// The table is what an agent that has just started would write.
  void expectAsFresh() {
    nft::MemoryDataplane empty{std::string(rules::names::kPolicyTable)};
    rules::PolicyProgrammer fresh(empty, book_, options_);
    const auto receipt = fresh.sync();
    ASSERT_TRUE(receipt) << receipt.error().text();
    EXPECT_TRUE(ruleset() == empty.ruleset())
        << name_ << " lacks, against what it would have after a start:\n"
        << nft::render(nft::diff(ruleset(), empty.ruleset()), ruleset());
  }

  /// Accepted also means that the answer passes, and all that follows.
  NodeVerdict judge(nft::HookPoint hook, const nft::WalkPacket& packet) const {
    auto outcome = nft::walk(ruleset(), hook, packet);
    EXPECT_TRUE(outcome) << name_ << ": " << outcome.error().text();
    NodeVerdict verdict{name_, outcome.value_or(nft::WalkOutcome{}), &ruleset()};
    if (verdict.outcome.accepted() && hook == nft::HookPoint::kForward) {
      const auto answered = nft::walk(ruleset(), hook, answerTo(packet, verdict.outcome));
      EXPECT_TRUE(answered && answered->accepted()) << name_ << ": the answer";
    }
    return verdict;
  }

 private:
  static nft::WalkPacket answerTo(nft::WalkPacket packet, const nft::WalkOutcome& outcome) {
    std::swap(packet.source, packet.destination);
    std::swap(packet.sourcePort, packet.destinationPort);
    packet.connection->reply = true;
    packet.connection->state = NF_CT_STATE_BIT(IP_CT_ESTABLISHED);
    packet.connection->labels = outcome.addedLabels;
    return packet;
  }

  std::string name_;
  policy::Book book_{name_};
  rules::PolicyTableOptions options_;
  nft::MemoryDataplane dataplane_{std::string(rules::names::kPolicyTable)};
  rules::PolicyProgrammer programmer_;
};

class PolicyNodes {
 public:
  explicit PolicyNodes(const std::vector<std::string>& names,
                       const rules::PolicyTableOptions& options = {}) {
    for (const std::string& name : names) {
      nodes_.emplace(name, std::make_unique<PolicyNode>(name, options));
    }
  }

  void list(const PolicyLists& lists) {
    each([&](PolicyNode& node) {
      lists.applyTo(node.book());
      node.sync();
    });
  }
  template <class Body>
  void each(Body body) {
    for (const auto& [name, node] : nodes_) {
      body(*node);
    }
  }

  /// The verdict of the first node that does not let a connection pass, else of the last one that
  /// it passes; `from` and `to` are the nodes at its ends, empty outside of them.
  NodeVerdict judge(const nft::WalkPacket& packet, const std::string& from,
                    const std::string& to) const {
    NodeVerdict verdict;
    for (const std::string& name : {from, to}) {
      const auto node = nodes_.find(name);
      if (node != nodes_.end() && verdict.outcome.accepted() && verdict.node != name) {
        verdict = node->second->judge(nft::HookPoint::kForward, packet);
      }
    }
    return verdict;
  }
  PolicyNode& at(const std::string& name) { return *nodes_.at(name); }

 private:
  std::map<std::string, std::unique_ptr<PolicyNode>> nodes_;
};

}  // namespace hitless::testing

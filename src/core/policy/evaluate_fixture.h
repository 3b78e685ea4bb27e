#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/kube/yaml.h"
#include "core/policy/evaluate.h"

namespace hitless::policy {

/// A cluster in a few lines, for tests of verdicts.
class Cluster {
 public:
  Cluster& ns(const std::string& name, kube::Labels labels = {}) {
    state_.namespaces[name] = std::move(labels);
    return *this;
  }
  /// `name` is "namespace/name"; `address` may be empty or several, separated by a space.
  Pod& pod(std::string_view name, std::string_view address, kube::Labels labels = {}) {
    Pod out;
    const std::size_t slash = name.find('/');
    out.ns = name.substr(0, slash);
    out.name = name.substr(slash + 1);
    out.labels = std::move(labels);
    for (std::size_t at = 0; at < address.size();) {
      const std::size_t end = std::min(address.find(' ', at), address.size());
      out.ips.push_back(IpAddress::parse(address.substr(at, end - at)).value());
      at = end + 1;
    }
    // State keeps pods in a vector: room for all, so that references stay.
    state_.pods.reserve(32);
    return state_.pods.emplace_back(std::move(out));
  }
  /// A policy's spec in YAML.
  Cluster& policy(std::string_view name, const std::string& spec) {
    const std::size_t slash = name.find('/');
    kube::json::object object = kube::parseYaml(spec, "policy").value().at(0).value.as_object();
    state_.policies.push_back(policyOf(
        {{"metadata", {{"namespace", name.substr(0, slash)}, {"name", name.substr(slash + 1)}}},
         {"spec", std::move(object)}}));
    return *this;
  }
  Cluster& node(std::string name, std::string_view address) {
    state_.nodes.push_back({std::move(name), {IpAddress::parse(address).value()}});
    return *this;
  }
  State& state() { return state_; }

  /// Ends are "namespace/name" or an address; a pod goes by its first one.
  Verdict verdict(std::string_view from, std::string_view to, std::uint16_t port,
                  Protocol protocol = Protocol::kTcp, Options options = {}) const {
    const Evaluator evaluator(state_, options);
    Verdict out = evaluator.evaluate({end(evaluator, from), end(evaluator, to), protocol, port});
    for (Judgement* side : {&out.egress, &out.ingress}) {
      side->policies.clear();  // They go with the evaluator.
      side->by = nullptr;
    }
    return out;
  }
  bool allows(std::string_view from, std::string_view to, std::uint16_t port = 80,
              Protocol protocol = Protocol::kTcp) const {
    return verdict(from, to, port, protocol).allowed();
  }

  static End end(const Evaluator& evaluator, std::string_view text) {
    if (const auto address = IpAddress::parse(text)) {
      return {evaluator.owner(*address), address};
    }
    const std::size_t slash = text.find('/');
    const Pod* pod = evaluator.find(text.substr(0, slash), text.substr(slash + 1));
    EXPECT_NE(pod, nullptr) << text;
    return {pod, pod->ips.empty() ? std::nullopt : std::optional(pod->ips.front())};
  }

 private:
  State state_;
};

}  // namespace hitless::policy

#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "core/policy/model.h"

namespace hitless::testing {

/// Policies with everything that decides about connections, and what pods have to do with it.
/// Labels, ports and networks are few, so that they meet.
class RandomPolicies {
 public:
  explicit RandomPolicies(Rng& rng) : rng_(rng) {}

  kube::ObjectPtr policy(const std::string& ns, const std::string& name) {
    kube::json::object spec{{"podSelector", selector()}};
    if (!one(4)) {
      spec["ingress"] = ruleList("from");
    }
    if (one(2)) {
      spec["egress"] = ruleList("to");
    }
    const auto types = below(4);
    if (types != 0) {
      spec["policyTypes"] = types == 1   ? kube::json::array{"Ingress"}
                            : types == 2 ? kube::json::array{"Egress"}
                                         : kube::json::array{"Ingress", "Egress"};
    }
    return std::make_shared<const kube::json::object>(kube::json::object{
        {"metadata", {{"namespace", ns}, {"name", name}}}, {"spec", std::move(spec)}});
  }

  kube::Labels labels() {
    kube::Labels out;
    for (const auto& [key, values] : kLabels) {
      if (!one(3)) {
        out[key] = pick(values);
      }
    }
    return out;
  }

  std::vector<policy::NamedPort> namedPorts() {
    std::vector<policy::NamedPort> out;
    for (auto n = below(3); n > 0; --n) {
      out.push_back({pick(kPortNames), protocol(), port()});
    }
    return out;
  }

  policy::Protocol protocol() {
    constexpr std::array kProtocols = {policy::Protocol::kTcp, policy::Protocol::kTcp,
                                       policy::Protocol::kUdp, policy::Protocol::kSctp};
    return kProtocols[below(kProtocols.size())];
  }
  std::uint16_t port() {
    constexpr std::array<std::uint16_t, 5> kPorts = {53, 80, 81, 8080, 65535};
    return kPorts[below(kPorts.size())];
  }
  std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
  bool one(std::uint64_t in) { return below(in) == 0; }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

 private:
  static inline const std::map<std::string, std::vector<std::string>> kLabels = {
      {"app", {"a", "b", "c"}}, {"tier", {"1", "2"}}};
  static inline const std::vector<std::string> kPortNames = {"http", "dns", "admin"};

  kube::json::object selector() {
    const auto& [key, values] = *std::next(kLabels.begin(), static_cast<int>(below(2)));
    switch (below(6)) {
      case 0:
        return {};
      case 1:
      case 2:
        return {{"matchLabels", {{key, pick(values)}}}};
      default:
        break;
    }
    const std::string op = pick({"In", "NotIn", "Exists", "DoesNotExist"});
    kube::json::object expression{{"key", key}, {"operator", op}};
    if (op == "In" || op == "NotIn") {
      expression["values"] = kube::json::array{pick(values), pick(values)};
    }
    return {{"matchExpressions", kube::json::array{expression}}};
  }

  kube::json::object block() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> kBlocks = {
        {"0.0.0.0/0", {"10.0.0.0/8", "10.244.1.0/30", "192.0.2.1/32"}},
        {"10.244.0.0/16", {"10.244.1.0/24", "10.244.2.2/31", "10.244.3.4/32"}},
        {"10.244.1.0/24", {"10.244.1.2/32", "10.244.1.3/32"}},
        {"192.0.2.0/24", {"192.0.2.0/25", "192.0.2.1/32"}},
        {"172.30.0.1/32", {}},
        {"::/0", {"fd00::/8", "2001:db8::1/128"}},
        {"fd00:244::/32", {"fd00:244:1::/64", "fd00:244:2::2/127"}}};
    const auto& [cidr, excepts] = kBlocks[below(kBlocks.size())];
    kube::json::object out{{"cidr", cidr}};
    kube::json::array except;
    for (const std::string& network : excepts) {
      if (one(2)) {
        except.emplace_back(network);
      }
    }
    if (!except.empty()) {
      out["except"] = except;
    }
    return {{"ipBlock", out}};
  }

  kube::json::object peer() {
    switch (below(4)) {
      case 0:
        return {{"podSelector", selector()}};
      case 1:
        return {{"namespaceSelector", selector()}};
      case 2:
        return {{"podSelector", selector()}, {"namespaceSelector", selector()}};
      default:
        return block();
    }
  }

  kube::json::object portEntry() {
    kube::json::object out;
    if (!one(4)) {
      out["protocol"] = service::name(protocol());
    }
    switch (below(5)) {
      case 0:
        break;
      case 1:
        out["port"] = pick(kPortNames);
        break;
      case 2: {
        const std::uint16_t first = port();
        out["port"] = first;
        out["endPort"] = std::max(first, port());
        break;
      }
      default:
        out["port"] = port();
    }
    return out;
  }

  kube::json::array ruleList(const char* peers) {
    kube::json::array out;
    for (auto n = below(3); n > 0; --n) {
      kube::json::object rule;
      if (!one(4)) {
        rule[peers] = several([this] { return peer(); });
      }
      if (!one(3)) {
        rule["ports"] = several([this] { return portEntry(); });
      }
      out.emplace_back(std::move(rule));
    }
    return out;
  }

  template <class Make>
  kube::json::array several(Make make) {
    kube::json::array out;
    for (auto n = below(4); n > 0; --n) {
      out.emplace_back(make());
    }
    return out;
  }

  Rng& rng_;
};

}  // namespace hitless::testing

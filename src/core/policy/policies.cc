#include "core/policy/policies.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

namespace hitless::policy {
namespace {

constexpr std::array<Direction, 2> kDirections = {Direction::kIngress, Direction::kEgress};

bool allowsAllPorts(const Rule& rule, Protocol protocol) {
  return !rule.ports ||
         std::any_of(rule.ports->begin(), rule.ports->end(), [&](const PortMatch& m) {
           return m.protocol == protocol && std::holds_alternative<AllPorts>(m.port);
         });
}

}  // namespace

std::string textOf(const PodSelector& selector) {
  return selector.ns.empty()
             ? fmt::format("{} in namespaces {}", selector.pods.text(), selector.namespaces.text())
             : fmt::format("{} in {}", selector.pods.text(), selector.ns);
}

std::string digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sum{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum.data());
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    out += fmt::format("{:02x}", sum[i]);
  }
  return out;
}

std::string idOf(const PodSelector& selector) {
  return digest(textOf(selector));
}

bool Policies::set(const PolicyKey& key, std::optional<Policy> policy) {
  const auto known = policies_.find(key);
  if (!policy) {
    return policies_.erase(key) != 0;
  }
  if (known != policies_.end() && known->second == *policy) {
    return false;
  }
  policies_.insert_or_assign(key, std::move(*policy));
  return true;
}

void Policies::note(const Rules& rules) {
  for (const Rule& rule : rules) {
    for (std::size_t i = 0; rule.peers && i < rule.peers->size(); ++i) {
      if (const auto* selector = std::get_if<PodSelector>(&(*rule.peers)[i])) {
        selectors_.try_emplace(idOf(*selector), *selector);
      }
    }
    for (std::size_t i = 0; rule.ports && i < rule.ports->size(); ++i) {
      const PortMatch& match = (*rule.ports)[i];
      const auto* port = std::get_if<PortName>(&match.port);
      if (port != nullptr && !allowsAllPorts(rule, match.protocol)) {
        portNames_.insert(port->name);
      }
    }
  }
}

void Policies::refresh() {
  byNamespace_.clear();
  selectors_.clear();
  selectorsFor_.clear();
  keys_.clear();
  portNames_.clear();
  for (const auto& [key, policy] : policies_) {
    byNamespace_[policy.ns].push_back(&policy);
    policy.pods.addKeysTo(keys_);
    for (const Direction direction : kDirections) {
      if (policy.rules(direction)) {
        note(*policy.rules(direction));
      }
    }
  }
  for (const auto& selector : selectors_) {
    selector.second.pods.addKeysTo(keys_);
    selectorsFor_[selector.second.ns].push_back(&selector);
  }
}

PodClass Policies::classOf(const std::string& ns, const kube::Labels& namespaceLabels,
                           const kube::Labels& labels) const {
  PodClass out;
  if (const auto policies = byNamespace_.find(ns); policies != byNamespace_.end()) {
    for (const Policy* policy : policies->second) {
      for (const Direction direction : kDirections) {
        if (policy->rules(direction) && policy->pods.matches(labels)) {
          out.isolating[static_cast<std::size_t>(direction)].push_back(policy->text());
        }
      }
    }
  }
  for (const std::string& where : {ns, std::string()}) {
    const auto selectors = selectorsFor_.find(where);
    if (selectors == selectorsFor_.end()) {
      continue;
    }
    for (const auto* entry : selectors->second) {
      const PodSelector& selector = entry->second;
      if (selector.pods.matches(labels) &&
          (!where.empty() || selector.namespaces.matches(namespaceLabels))) {
        out.peers.push_back(entry->first);
      }
    }
  }
  std::sort(out.peers.begin(), out.peers.end());
  for (auto& list : out.isolating) {
    std::sort(list.begin(), list.end());
  }
  return out;
}

std::vector<PolicyKey> Policies::impliedBy(const Policy& policy, Direction direction) const {
  std::vector<PolicyKey> out;
  for (const Policy* other : byNamespace_.at(policy.ns)) {
    if (other->rules(direction) && policy.pods.implies(other->pods)) {
      out.push_back(other->text());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace hitless::policy

#include "core/policy/evaluate.h"

#include <algorithm>
#include <tuple>

namespace hitless::policy {
namespace {

std::size_t index(Direction direction) {
  return static_cast<std::size_t>(direction);
}

}  // namespace

Evaluator::Evaluator(State state, Options options) : state_(std::move(state)), options_(options) {
  std::sort(state_.policies.begin(), state_.policies.end(), [](const Policy& a, const Policy& b) {
    return std::tie(a.ns, a.name) < std::tie(b.ns, b.name);
  });
  for (const Policy& policy : state_.policies) {
    policies_[policy.ns].push_back(&policy);
  }
  for (const Pod& pod : state_.pods) {
    state_.namespaces.try_emplace(pod.ns);
  }
  for (auto& [name, labels] : state_.namespaces) {
    labels[std::string(kNamespaceNameLabel)] = name;
  }
  for (const Node& node : state_.nodes) {
    for (const IpAddress& address : node.addresses) {
      nodes_[address] = node.name;
    }
  }
  indexPods();
}

void Evaluator::indexPods() {
  const LabelKeys keys = podLabelKeys(state_.policies);
  for (const Pod& pod : state_.pods) {
    byName_[{pod.ns, pod.name}] = &pod;
    auto [known, added] = classes_.try_emplace({pod.ns, project(pod.labels, keys)});
    if (added) {
      known->second = classOf(pod.ns, known->first.second);
    }
    classOfPod_[&pod] = &known->second;
    for (const IpAddress& address : pod.ips) {
      if (pod.hostNetwork) {
        nodes_.try_emplace(address, pod.node);
      } else if (!pod.finished) {
        const Pod*& owner = byAddress_[address];
        owner = owner == nullptr || outranks(pod, *owner) ? &pod : owner;
      }
    }
  }
}

Evaluator::Class Evaluator::classOf(const std::string& ns, const kube::Labels& labels) const {
  Class out;
  const auto policies = policies_.find(ns);
  if (policies == policies_.end()) {
    return out;
  }
  for (const Policy* policy : policies->second) {
    for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
      if (policy->rules(direction) && policy->pods.matches(labels)) {
        out.isolating[index(direction)].push_back(policy);
      }
    }
  }
  return out;
}

const Pod* Evaluator::find(std::string_view ns, std::string_view name) const {
  const auto found = byName_.find({ns, name});
  return found == byName_.end() ? nullptr : found->second;
}

const Pod* Evaluator::owner(const IpAddress& address) const {
  const auto found = byAddress_.find(address);
  return found == byAddress_.end() ? nullptr : found->second;
}

bool Evaluator::matches(const PodSelector& selector, const End& end) const {
  if (end.pod == nullptr || !end.pod->selectable()) {
    return false;
  }
  const bool inNamespace = selector.ns.empty()
                               ? selector.namespaces.matches(state_.namespaces.at(end.pod->ns))
                               : selector.ns == end.pod->ns;
  return inNamespace && selector.pods.matches(end.pod->labels);
}

bool Evaluator::matches(const PortMatch& match, const Connection& connection) const {
  if (match.protocol != connection.protocol) {
    return false;
  }
  if (const auto* range = std::get_if<PortRange>(&match.port)) {
    return range->first <= connection.port && connection.port <= range->last;
  }
  if (const auto* port = std::get_if<PortName>(&match.port)) {
    const Pod* pod = connection.to.pod;
    return pod != nullptr && pod->selectable() &&
           pod->names(connection.port, port->name, match.protocol);
  }
  return true;
}

RuleMatch Evaluator::match(Direction direction, const Rule& rule,
                           const Connection& connection) const {
  const End& other = direction == Direction::kIngress ? connection.from : connection.to;
  const auto isPeer = [&](const Peer& peer) {
    const auto* block = std::get_if<IpBlock>(&peer);
    return block == nullptr ? matches(std::get<PodSelector>(peer), other)
                            : other.address && block->contains(*other.address);
  };
  const auto isPort = [&](const PortMatch& port) { return matches(port, connection); };
  return {!rule.peers || std::any_of(rule.peers->begin(), rule.peers->end(), isPeer),
          !rule.ports || std::any_of(rule.ports->begin(), rule.ports->end(), isPort)};
}

Judgement Evaluator::judge(Direction direction, const Connection& connection) const {
  const Pod* pod = direction == Direction::kIngress ? connection.to.pod : connection.from.pod;
  Judgement out;
  if (pod == nullptr || !pod->selectable()) {
    out.reason = Reason::kNoPod;
    return out;
  }
  out.policies = classOfPod_.at(pod)->isolating[index(direction)];
  if (out.policies.empty()) {
    return out;
  }
  out.reason = Reason::kNoRule;
  for (const Policy* policy : out.policies) {
    const Rules& rules = *policy->rules(direction);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (match(direction, rules[i], connection).both()) {
        out.reason = Reason::kRule;
        out.by = policy;
        out.rule = i;
        return out;
      }
    }
  }
  return out;
}

std::string_view Evaluator::nodeOf(const End& end) const {
  if (end.pod != nullptr) {
    return end.pod->hostNetwork ? std::string_view(end.pod->node) : std::string_view();
  }
  const auto found = end.address ? nodes_.find(*end.address) : nodes_.end();
  return found == nodes_.end() ? std::string_view() : found->second;
}

std::optional<Reason> Evaluator::exemption(const Connection& connection) const {
  const Pod* from = connection.from.pod;
  const Pod* to = connection.to.pod;
  if (from != nullptr && from == to) {
    return Reason::kSelf;
  }
  const std::string_view sender = nodeOf(connection.from);
  const std::string_view receiver = nodeOf(connection.to);
  const bool fromOwn = to != nullptr && !sender.empty() && sender == to->node;
  const bool toOwn = from != nullptr && !receiver.empty() && receiver == from->node;
  return fromOwn || (toOwn && options_.toOwnNode) ? std::optional(Reason::kOwnNode) : std::nullopt;
}

Verdict Evaluator::evaluate(const Connection& connection) const {
  Verdict verdict{judge(Direction::kEgress, connection), judge(Direction::kIngress, connection)};
  if (const auto exempt = exemption(connection)) {
    for (Judgement* side : {&verdict.egress, &verdict.ingress}) {
      if (side->reason == Reason::kNoRule) {
        side->reason = *exempt;
      }
    }
  }
  return verdict;
}

}  // namespace hitless::policy

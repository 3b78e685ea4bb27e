#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_hash.h"
#include "core/policy/model.h"

/// Which connections NetworkPolicies allow, straight from what Kubernetes says of them: the measure
/// for whatever enforces them.
namespace hitless::policy {

struct Node {
  std::string name;
  std::vector<IpAddress> addresses;
};

/// What verdicts depend on, at one moment.
struct State {
  std::vector<Policy> policies;
  std::map<std::string, kube::Labels, std::less<>> namespaces;  ///< By name; may lack some.
  std::vector<Pod> pods;
  std::vector<Node> nodes;
};

/// One end of a connection.
struct End {
  const Pod* pod = nullptr;          ///< nullptr: somewhere that is no pod.
  std::optional<IpAddress> address;  ///< nullopt: not known, so that no ipBlock matches it.
};

/// A connection as the pods see it: after a Service's address was translated, and before any
/// source address is.
struct Connection {
  End from;
  End to;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};

/// Why a direction allows or denies.
enum class Reason : std::uint8_t {
  kNoPod,        ///< Policies are about pods with an address of their own only: allowed.
  kNotIsolated,  ///< No policy of this direction selects the pod: allowed.
  kRule,         ///< A rule of one of the policies allows it.
  kNoRule,       ///< No rule of the policies that select the pod allows it: denied.
  kSelf,         ///< A pod is never kept from itself.
  kOwnNode,      ///< Nor is a pod kept from its own node, or the node from its pods.
};

/// What one direction says.
struct Judgement {
  Reason reason = Reason::kNotIsolated;
  std::vector<const Policy*> policies;  ///< Those that isolate the pod, by name.
  const Policy* by = nullptr;           ///< Only of kRule: the first policy that allows it,
  std::size_t rule = 0;                 ///< and its first such rule, from 0.

  bool allowed() const { return reason != Reason::kNoRule; }
};

/// A connection passes if both directions allow it.
struct Verdict {
  Judgement egress;
  Judgement ingress;
  bool allowed() const { return egress.allowed() && ingress.allowed(); }
};

/// What of a rule a connection meets; both: the rule allows it.
struct RuleMatch {
  bool peer = false;
  bool port = false;
  bool both() const { return peer && port; }
};

struct Options {
  /// What a pod sends to its own node passes whatever policies say, as the documentation has it;
  /// some implementations judge it. What the node sends to its own pods always passes.
  bool toOwnNode = true;
};

class Evaluator {
 public:
  explicit Evaluator(State state, Options options = {});
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  const State& state() const { return state_; }
  /// nullptr if there is none.
  const Pod* find(std::string_view ns, std::string_view name) const;
  /// The pod that has the address of its own and has not ended; nullptr if none has. Of several the
  /// first that does not terminate, else the first.
  const Pod* owner(const IpAddress& address) const;

  /// Ends name pods of state().
  Verdict evaluate(const Connection& connection) const;
  /// What the policies alone say, also of what they are not asked about (a pod to itself ...).
  Judgement judge(Direction direction, const Connection& connection) const;
  RuleMatch match(Direction direction, const Rule& rule, const Connection& connection) const;

 private:
  /// Pods of a namespace that are the same to all selectors.
  struct Class {
    std::array<std::vector<const Policy*>, 2> isolating;  ///< By Direction.
  };

  void indexPods();
  Class classOf(const std::string& ns, const kube::Labels& labels) const;
  bool matches(const PodSelector& selector, const End& end) const;
  bool matches(const PortMatch& match, const Connection& connection) const;
  /// The node that the end is on the network of; empty for pods with one of their own.
  std::string_view nodeOf(const End& end) const;
  std::optional<Reason> exemption(const Connection& connection) const;

  State state_;
  Options options_;
  std::map<std::string, std::vector<const Policy*>, std::less<>> policies_;  ///< By namespace.
  std::map<std::pair<std::string, kube::Labels>, Class> classes_;
  std::unordered_map<const Pod*, const Class*> classOfPod_;
  std::map<std::pair<std::string_view, std::string_view>, const Pod*> byName_;
  std::unordered_map<IpAddress, const Pod*, IpAddressHash> byAddress_;
  std::unordered_map<IpAddress, std::string_view, IpAddressHash> nodes_;  ///< By address.
};

}  // namespace hitless::policy

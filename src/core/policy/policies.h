#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"

/// All policies of a cluster, looked at from the pods: what pods of a kind are isolated by, and as
/// whose peers they are found.
namespace hitless::policy {

/// "namespace/name"
using PolicyKey = std::string;

/// What rules ask of peers, and a short name of it for sets: a digest of its text, that nobody can
/// make collide with somebody else's.
std::string textOf(const PodSelector& selector);
std::string idOf(const PodSelector& selector);
/// 128 bits of the text's SHA-256 in hexadecimal digits.
std::string digest(std::string_view text);

/// What pods of one namespace have in common whose labels are the same to all selectors.
struct PodClass {
  /// The ids of the selectors of peers that find them; sorted.
  std::vector<std::string> peers;
  /// The policies that isolate them, by Direction; sorted.
  std::array<std::vector<PolicyKey>, 2> isolating;

  const std::vector<PolicyKey>& isolatedBy(Direction direction) const {
    return isolating[static_cast<std::size_t>(direction)];
  }
  bool isolated() const { return !isolating[0].empty() || !isolating[1].empty(); }
  bool operator==(const PodClass&) const = default;
};

class Policies {
 public:
  /// nullopt: it is gone. True if that is news.
  bool set(const PolicyKey& key, std::optional<Policy> policy);

  const std::map<PolicyKey, Policy>& all() const { return policies_; }
  /// The labels of pods that any selector asks about.
  const LabelKeys& labelKeys() const { return keys_; }
  /// The names of ports that any rule asks for, but one that allows all ports anyway.
  const std::set<std::string, std::less<>>& portNames() const { return portNames_; }
  /// The selectors of peers, by id.
  const std::map<std::string, PodSelector>& selectors() const { return selectors_; }

  /// `labels` may be projected to labelKeys(); `namespaceLabels` has the namespace's name.
  PodClass classOf(const std::string& ns, const kube::Labels& namespaceLabels,
                   const kube::Labels& labels) const;
  /// What isolates pods that a policy selects and that have no other label than that takes: as far
  /// as selectors alone say so.
  std::vector<PolicyKey> impliedBy(const Policy& policy, Direction direction) const;

  /// Brings what is derived up to date; to be called after set(), before anything else is asked.
  void refresh();

 private:
  void note(const Rules& rules);

  std::map<PolicyKey, Policy> policies_;
  std::map<std::string, std::vector<const Policy*>, std::less<>> byNamespace_;
  std::map<std::string, PodSelector> selectors_;
  /// Those of selectors_ that look in one namespace only, by that, and under "" all others.
  std::map<std::string, std::vector<const std::pair<const std::string, PodSelector>*>, std::less<>>
      selectorsFor_;
  LabelKeys keys_;
  std::set<std::string, std::less<>> portNames_;
};

}  // namespace hitless::policy

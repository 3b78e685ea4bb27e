#pragma once

#include <compare>
#include <set>
#include <string>
#include <vector>

#include "core/kube/objects.h"
#include "core/kube/selector.h"

namespace hitless::policy {

using LabelKeys = std::set<std::string, std::less<>>;

/// A label selector as a value in one canonical form, whatever the order and the shape in which it
/// was written: equal selectors can share what they select.
class Selector {
 public:
  /// Selects everything.
  Selector() = default;
  explicit Selector(const kube::LabelSelector& selector);

  bool matches(const kube::Labels& labels) const;
  bool matchesAll() const { return terms_.empty(); }
  /// Whether whatever this matches `other` matches too, because every condition of `other` is also
  /// one of this. False does not say that there is something that only this matches.
  bool implies(const Selector& other) const;
  /// Adds the labels that decide: no other can change what matches() says.
  void addKeysTo(LabelKeys& keys) const;
  /// "app=web,tier in (a,b),!old"; "everything" if it selects everything.
  std::string text() const;

  auto operator<=>(const Selector&) const = default;

 private:
  /// One condition; matchLabels are kIn with one value. An operator that there is none of is kIn
  /// without values, which no label meets.
  struct Term {
    std::string key;
    kube::Operator op = kube::Operator::kIn;
    std::vector<std::string> values;  ///< Sorted, each once.
    bool matches(const kube::Labels& labels) const;
    auto operator<=>(const Term&) const = default;
  };
  std::vector<Term> terms_;  ///< Sorted, each once.
};

/// Those of `labels` that are among `keys`: what tells pods apart as far as selectors go. Labels
/// that are different on every pod (a run's id, a template's hash) are left out.
kube::Labels project(const kube::Labels& labels, const LabelKeys& keys);

}  // namespace hitless::policy

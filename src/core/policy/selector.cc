#include "core/policy/selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::policy {
namespace {

using kube::Operator;

template <class T>
void canonicalize(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

struct OperatorRow {
  std::string_view name;
  Operator op;
  bool hasValues;
};
constexpr OperatorRow kOperators[] = {
    {"In", Operator::kIn, true},
    {"NotIn", Operator::kNotIn, true},
    {"Exists", Operator::kExists, false},
    {"DoesNotExist", Operator::kDoesNotExist, false},
};

}  // namespace

Selector::Selector(const kube::LabelSelector& selector) {
  for (const auto& [key, value] : selector.matchLabels) {
    terms_.push_back({key, Operator::kIn, {value}});
  }
  for (const kube::LabelSelector::Expression& expression : selector.matchExpressions) {
    Term term{expression.key, Operator::kIn, {}};
    for (const OperatorRow& row : kOperators) {
      if (row.name == expression.op) {
        term.op = row.op;
        term.values = row.hasValues ? expression.values : std::vector<std::string>{};
      }
    }
    canonicalize(term.values);
    terms_.push_back(std::move(term));
  }
  canonicalize(terms_);
}

bool Selector::Term::matches(const kube::Labels& labels) const {
  const auto label = labels.find(key);
  const bool present = label != labels.end();
  switch (op) {
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
    case Operator::kNotIn:
      return !present || !std::binary_search(values.begin(), values.end(), label->second);
    default:
      return present && std::binary_search(values.begin(), values.end(), label->second);
  }
}

bool Selector::matches(const kube::Labels& labels) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return term.matches(labels); });
}

bool Selector::implies(const Selector& other) const {
  return std::includes(terms_.begin(), terms_.end(), other.terms_.begin(), other.terms_.end());
}

void Selector::addKeysTo(LabelKeys& keys) const {
  for (const Term& term : terms_) {
    keys.insert(term.key);
  }
}

std::string Selector::text() const {
  std::vector<std::string> parts;
  for (const Term& term : terms_) {
    if (term.op == Operator::kIn && term.values.size() == 1) {
      parts.push_back(fmt::format("{}={}", term.key, term.values.front()));
    } else if (term.op == Operator::kExists) {
      parts.push_back(term.key);
    } else if (term.op == Operator::kDoesNotExist) {
      parts.push_back("!" + term.key);
    } else {
      parts.push_back(fmt::format("{} {} ({})", term.key, term.op == Operator::kIn ? "in" : "notin",
                                  join(term.values, ",")));
    }
  }
  return parts.empty() ? "everything" : join(parts, ",");
}

kube::Labels project(const kube::Labels& labels, const LabelKeys& keys) {
  kube::Labels out;
  for (const std::string& key : keys) {
    if (const auto label = labels.find(key); label != labels.end()) {
      out.emplace_hint(out.end(), *label);
    }
  }
  return out;
}

}  // namespace hitless::policy

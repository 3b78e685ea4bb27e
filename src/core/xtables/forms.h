#pragma once

#include <string>
#include <vector>

#include "core/xtables/change.h"

/// Between rules of a table and rules that stand alone.
namespace hitless::xtables {

RuleForm formOf(const Table& table, const Rule& rule);
/// kNotFound if it leads to a chain that the table has not.
Result<Rule> ruleOf(Table& table, const RuleForm& form);
/// What tells a rule from others, as bytes: what it matches, what it does and where it leads. The
/// same for two rules of one table if their forms are equal.
void keyOf(const Table& table, const Rule& rule, std::string& key);

/// The rules of a chain by what they are: a million rules are a few distinct ones.
struct Distinct {
  Distinct(const Table& table, const Chain& chain);
  std::vector<std::uint32_t> ofRule;   ///< A number for each rule.
  std::vector<std::size_t> firstRule;  ///< Of each number.
};

/// Takes out the rules for which `goes` is true.
ChainChange takeRules(Table& table, std::size_t chain, const Distinct& distinct,
                      const std::vector<bool>& goes);

}  // namespace hitless::xtables

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
/// Takes out the rules for which `goes` is true.
ChainChange takeRules(Table& table, std::size_t chain, const std::vector<bool>& goes);

}  // namespace hitless::xtables

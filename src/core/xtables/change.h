#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/iptables/xt_text.h"
#include "core/xtables/table.h"

/// What repairs do to a table that was taken apart, in a form that brings it back later, however
/// the table was changed meanwhile.
namespace hitless::xtables {

/// A rule that does not depend on where it stands: without counters and offsets.
struct RuleForm {
  Bytes entry;
  bool on = false;      ///< It has no target.
  std::string leadsTo;  ///< A chain's name; empty: none.
  bool operator==(const RuleForm&) const = default;
};

/// Places [start, start + count) of a chain, as it was.
struct Run {
  std::uint32_t start = 0;
  std::uint32_t count = 0;
  bool operator==(const Run&) const = default;
};

struct ChainChange {
  std::string chain;
  bool deleted = false;
  std::uint32_t rulesBefore = 0;
  std::vector<RuleForm> distinct;  ///< Of what was taken out.
  std::vector<Run> removed;        ///< Ascending.
  /// For each removed rule its place in `distinct`.
  std::vector<std::uint32_t> order;
  std::vector<RuleForm> inserted;
  bool operator==(const ChainChange&) const = default;
  bool empty() const { return !deleted && removed.empty() && inserted.empty(); }
};

using Change = std::vector<ChainChange>;

/// Takes out of a chain the repetitions that may go (iptables::superfluous), of rules whose owner
/// is known; the others stay. Linear.
ChainChange takeRepetitions(Table& table, std::size_t chain, const iptables::SetNames* sets);
/// Deletes chains, and every rule that leads to one of them. An error if a chain is not there or is
/// built-in.
Result<Change> takeChains(Table& table, std::span<const std::string> chains);
/// Nothing if the chain has such a rule already. The rule as in doctor::InsertRule.
Result<ChainChange> putRule(Table& table, std::string_view chain, std::string_view rule,
                            bool first);

/// Brings back what a change took, and takes what it put: each at its place, or as near to it as
/// the chain is long now. A chain that has its rules again already is left. An error if a rule
/// would lead to a chain that is not there.
Status putBack(Table& table, const Change& change);

boost::json::object toJson(const TableInfo& table, const Change& change);
/// The bytes are checked as those of a table are.
Result<Change> changeFromJson(const boost::json::object& json, IpFamily family);

/// Rules of a chain that takeRepetitions() would take.
std::size_t repetitions(const Table& table, std::size_t chain, const iptables::SetNames* sets);

/// The rule that a text stands for, of what putRule() takes. kUnsupported names what it does not.
Result<RuleForm> ruleFromText(std::string_view text, IpFamily family);

}  // namespace hitless::xtables

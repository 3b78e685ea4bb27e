#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/nft/foreign/requests.h"

/// One transaction that deletes chains and what leads to them, and puts a rule in; and the way
/// back.
namespace hitless::nft {

/// The chains of one table with all their rules.
struct TableRules {
  std::uint8_t family = 0;
  std::string table;
  std::map<std::string, std::vector<RawRule>> chains;
  bool isChain(std::string_view name) const { return chains.contains(std::string(name)); }
};

/// Deletes chains: first the rules that lead to them from others, then all of theirs, then they.
/// Gives how to undo it. kNotFound: none of them is there.
Result<boost::json::object> deleteChains(const TableRules& rules,
                                         const std::vector<std::string>& chains,
                                         ForeignBatch& batch);
/// Puts everything back: chains, rules, and what led there behind the neighbour that it had.
/// kConflict: a chain that leads there has gone.
Status restoreChains(const boost::json::object& before, const TableRules& now, ForeignBatch& batch);

/// Puts a rule in. kNotFound: it is there already.
Result<boost::json::object> insertRule(const RawRule& rule, bool first, const TableRules& rules,
                                       ForeignBatch& batch);
/// kNotFound: it is gone already.
Status removeInserted(const boost::json::object& before, const TableRules& now,
                      ForeignBatch& batch);

}  // namespace hitless::nft

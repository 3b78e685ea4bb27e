#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/iptables/duplicates.h"
#include "core/iptables/walk.h"

/// What a person and a program are told about a walk and about a dump. The shapes of the JSON are
/// described in docs/doctor-dumps.md.
namespace hitless::iptables {

std::string textOf(const WalkResult& result);
boost::json::object jsonOf(const WalkResult& result);

std::string textOf(const Duplicates& duplicates, const Dump& dump);
boost::json::object jsonOf(const Duplicates& duplicates, const Dump& dump);

/// What so many rules cost each packet, in nanoseconds. "nft" and "legacy" are known; of another
/// source it may be either.
RuleCost costOf(std::string_view source, std::uint64_t rules);
/// "75 to 165 ms"
std::string spelt(const RuleCost& cost);
/// Sums the rules of a dump by owner: "kube-router" ...; "" of nobody that is known. Views into
/// static text.
std::vector<std::pair<std::string_view, std::uint64_t>> rulesByOwner(const Dump& dump);

}  // namespace hitless::iptables

#pragma once

#include <boost/json/object.hpp>

#include "base/error.h"
#include "core/nft/foreign/raw_rule.h"
#include "core/nft/foreign/requests.h"

/// Raw rules and places in undo files.
namespace hitless::nft {

/// Expressions and user data, in base64.
boost::json::object contentJson(const RawRule& rule);
/// The other way; place and handle come from elsewhere.
Result<RawRule> ruleOfJson(const boost::json::object& object, const ChainPlace& place);

void putPlace(boost::json::object& object, const ChainPlace& place);
Result<ChainPlace> placeOfJson(const boost::json::object& object);

}  // namespace hitless::nft

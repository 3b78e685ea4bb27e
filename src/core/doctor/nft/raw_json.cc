#include "core/doctor/nft/raw_json.h"

#include <string>
#include <string_view>

#include "core/doctor/json_fields.h"
#include "core/kube/base64.h"

namespace hitless::nft {
namespace {

std::string encoded(const netlink::Bytes& bytes) {
  return kube::base64Encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<netlink::Bytes> decoded(const boost::json::object& object, std::string_view key) {
  const auto bytes = kube::base64Decode(doctor::fields::text(object, key));
  if (!bytes || bytes->size() > netlink::kMaxAttributePayload) {
    return invalid("the undo file holds a rule that is no base64, or too long",
                   "it must be used as it was written");
  }
  return netlink::Bytes(bytes->begin(), bytes->end());
}

}  // namespace

boost::json::object contentJson(const RawRule& rule) {
  return {{"expressions", encoded(rule.expressions)}, {"userdata", encoded(rule.userdata)}};
}

Result<RawRule> ruleOfJson(const boost::json::object& object, const ChainPlace& place) {
  RawRule rule{place.family, place.table, place.chain, 0, {}, {}};
  rule.expressions = TRY(decoded(object, "expressions"));
  rule.userdata = TRY(decoded(object, "userdata"));
  return rule;
}

void putPlace(boost::json::object& object, const ChainPlace& place) {
  object["family"] = place.family;
  object["table"] = place.table;
  object["chain"] = place.chain;
}

Result<ChainPlace> placeOfJson(const boost::json::object& object) {
  ChainPlace place{doctor::fields::small<std::uint8_t>(object, "family"),
                   doctor::fields::text(object, "table"), doctor::fields::text(object, "chain")};
  if (place.family == 0 || place.table.empty() || place.chain.empty()) {
    return invalid("the undo file does not say which chain it is about",
                   "it must be used as it was written");
  }
  return place;
}

}  // namespace hitless::nft

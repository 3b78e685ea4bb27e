#include "core/doctor/nft_chains.h"

#include <algorithm>
#include <limits>

#include "core/kube/json.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

json::object objectOf(const NftChain& chain) {
  json::object out{{"family", chain.family},
                   {"table", chain.table},
                   {"name", chain.name},
                   {"handle", chain.handle},
                   {"use", chain.use}};
  if (chain.hook) {
    out["hook"] = *chain.hook;
    out["type"] = chain.type.value_or("");
    out["priority"] = chain.priority;
    out["policy"] = chain.policy.value_or("");
  }
  return out;
}

/// Within the bounds of what the kernel can say.
template <class Number>
Number numberOf(const json::object& object, std::string_view key) {
  const std::int64_t value = kube::integer(object, {key});
  using Limits = std::numeric_limits<Number>;
  if constexpr (sizeof(Number) < sizeof value) {
    return static_cast<Number>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
  }
  return static_cast<Number>(std::max<std::int64_t>(value, 0));
}

NftChain chainOf(const json::object& object) {
  NftChain chain;
  chain.family = kube::text(object, {"family"});
  chain.table = kube::text(object, {"table"});
  chain.name = kube::text(object, {"name"});
  chain.handle = numberOf<std::uint64_t>(object, "handle");
  chain.use = numberOf<std::uint32_t>(object, "use");
  if (const std::string_view hook = kube::text(object, {"hook"}); !hook.empty()) {
    chain.hook = hook;
    chain.type = kube::text(object, {"type"});
    chain.priority = numberOf<std::int32_t>(object, "priority");
    chain.policy = kube::text(object, {"policy"});
  }
  return chain;
}

}  // namespace

std::string renderNftChains(const std::vector<NftChain>& chains) {
  json::array out;
  out.reserve(chains.size());
  for (const NftChain& chain : chains) {
    out.push_back(objectOf(chain));
  }
  return json::serialize(json::object{{"chains", std::move(out)}});
}

Result<std::vector<NftChain>> parseNftChains(std::string_view text) {
  const json::value document = TRY(kube::parseJson(text));
  const json::array* list =
      document.is_object() ? kube::findArray(document.get_object(), {"chains"}) : nullptr;
  if (list == nullptr) {
    return invalid("no list of nf_tables chains", "an object with the array \"chains\" is wanted");
  }
  std::vector<NftChain> chains;
  for (const json::value& entry : *list) {
    if (!entry.is_object()) {
      return invalid("an nf_tables chain is no object");
    }
    chains.push_back(chainOf(entry.get_object()));
  }
  return chains;
}

}  // namespace hitless::doctor

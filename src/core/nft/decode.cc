#include "core/nft/decode.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "core/nft/expr_codec.h"
#include "core/nft/interval.h"
#include "core/nft/user_data.h"
#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

using netlink::Attributes;
using netlink::ByteView;

std::optional<Hook> hookOf(const Attributes& attributes) {
  const Attributes hook = attributes.nested(NFTA_CHAIN_HOOK);
  const auto number = hook.be32(NFTA_HOOK_HOOKNUM);
  const auto type = wire::hookType(attributes.text(NFTA_CHAIN_TYPE));
  const auto point = number ? wire::hookPoint(*number) : std::nullopt;
  const bool accepts = attributes.be32(NFTA_CHAIN_POLICY).value_or(NF_ACCEPT) == NF_ACCEPT;
  if (!point || !type || !accepts) {
    return std::nullopt;
  }
  return Hook{*type, *point, static_cast<std::int32_t>(hook.be32(NFTA_HOOK_PRIORITY).value_or(0))};
}

SetSpec::Kind kindOf(const Attributes& attributes) {
  if (attributes.be32(NFTA_SET_DATA_TYPE) == NFT_DATA_VERDICT) {
    return SetSpec::Kind::kVerdictMap;
  }
  return (attributes.be32(NFTA_SET_FLAGS).value_or(0) & NFT_SET_MAP) != 0 ? SetSpec::Kind::kMap
                                                                          : SetSpec::Kind::kSet;
}

/// A key or a value, padded to whole words.
std::optional<Datum> datumOf(const Attributes& data) {
  const ByteView bytes = data.payload(NFTA_DATA_VALUE);
  if (bytes.empty() || bytes.size() > Datum::kCapacity) {
    return std::nullopt;
  }
  std::array<std::uint8_t, Datum::kCapacity> padded{};
  std::copy(bytes.begin(), bytes.end(), padded.begin());
  const std::size_t size = std::min((bytes.size() + 3) & ~std::size_t{3}, padded.size());
  return Datum(std::span(padded).first(size));
}

}  // namespace

void Decoder::add(const netlink::Message& message) {
  const auto family = message.header<nfgenmsg>();
  if (!family || family->nfgen_family != NFPROTO_INET) {
    return;
  }
  const Attributes attributes = message.attributes(sizeof(nfgenmsg));
  // Every kind of object names its table in its first attribute.
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
                NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);
  if (attributes.text(NFTA_TABLE_NAME) != table_) {
    return;
  }
  if (message.type == wire::messageType(NFT_MSG_NEWTABLE)) {
    addTable(attributes);
  } else if (message.type == wire::messageType(NFT_MSG_NEWCHAIN)) {
    addChain(attributes);
  } else if (message.type == wire::messageType(NFT_MSG_NEWRULE)) {
    addRule(attributes);
  } else if (message.type == wire::messageType(NFT_MSG_NEWSET)) {
    addSet(attributes);
  } else if (message.type == wire::messageType(NFT_MSG_NEWSETELEM)) {
    addElements(attributes);
  }
}

void Decoder::addTable(const Attributes& attributes) {
  ruleset_.table =
      TableSpec{table_, decodeComment(attributes.payload(NFTA_TABLE_USERDATA), kCommentTag),
                attributes.be32(NFTA_TABLE_OWNER).value_or(0)};
}

void Decoder::addChain(const Attributes& attributes) {
  ruleset_.addChain({std::string(attributes.text(NFTA_CHAIN_NAME)), hookOf(attributes),
                     decodeComment(attributes.payload(NFTA_CHAIN_USERDATA), kCommentTag)});
}

void Decoder::addRule(const Attributes& attributes) {
  const std::string name(attributes.text(NFTA_RULE_CHAIN));
  Chain& chain = ruleset_.chains[name];
  chain.rules.push_back({decodeExprs(attributes.nested(NFTA_RULE_EXPRESSIONS)),
                         decodeComment(attributes.payload(NFTA_RULE_USERDATA), kCommentTag)});
}

void Decoder::addSet(const Attributes& attributes) {
  const auto kind = kindOf(attributes);
  ruleset_.addSet({std::string(attributes.text(NFTA_SET_NAME)), kind,
                   wire::fieldTypes(attributes.be32(NFTA_SET_KEY_TYPE).value_or(0)),
                   kind == SetSpec::Kind::kMap
                       ? wire::fieldTypes(attributes.be32(NFTA_SET_DATA_TYPE).value_or(0))
                       : std::vector<FieldType>{},
                   decodeComment(attributes.payload(NFTA_SET_USERDATA), kSetCommentTag),
                   (attributes.be32(NFTA_SET_FLAGS).value_or(0) & NFT_SET_EVAL) != 0,
                   attributes.be64(NFTA_SET_TIMEOUT).value_or(0),
                   (attributes.be32(NFTA_SET_FLAGS).value_or(0) & NFT_SET_INTERVAL) != 0});
}

void Decoder::addElements(const Attributes& attributes) {
  Set& set = ruleset_.sets[std::string(attributes.text(NFTA_SET_ELEM_LIST_SET))];
  for (const netlink::Attribute& element : attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS)) {
    addElement(set, Attributes(element.payload));
  }
}

void Decoder::addElement(Set& set, const Attributes& attributes) {
  const auto key = datumOf(attributes.nested(NFTA_SET_ELEM_KEY));
  if (!key) {
    return;
  }
  if ((attributes.be32(NFTA_SET_ELEM_FLAGS).value_or(0) & NFT_SET_ELEM_INTERVAL_END) != 0) {
    return addEnd(set, *key);
  }
  ElementValue value;
  if (set.spec.interval) {
    value.last = lastOf(set, *key);
  }
  value.comment = decodeComment(attributes.payload(NFTA_SET_ELEM_USERDATA), kCommentTag);
  const Attributes data = attributes.nested(NFTA_SET_ELEM_DATA);
  if (const auto datum = datumOf(data)) {
    value.target = *datum;
  } else if (auto verdict = decodeVerdict(data)) {
    value.target = std::move(*verdict);
  }
  set.elements.insert_or_assign(*key, std::move(value));
}

Datum Decoder::lastOf(const Set& set, const Datum& first) const {
  const std::size_t padding = paddingOf(set.spec.key);
  const Datum largest = largestKey(first.size(), padding);
  const auto ends = ends_.find(set.spec.name);
  if (ends == ends_.end()) {
    return largest;
  }
  const auto end = ends->second.upper_bound(first);
  return end == ends->second.end() ? largest : keyBefore(*end, padding).value_or(largest);
}

void Decoder::addEnd(Set& set, const Datum& end) {
  ends_[set.spec.name].insert(end);
  // nft marks where a set's first interval does not begin at zero by an end at zero.
  auto element = set.elements.lower_bound(end);
  if (set.spec.interval && element != set.elements.begin()) {
    --element;
    element->second.last = lastOf(set, element->first);
  }
}

}  // namespace hitless::nft

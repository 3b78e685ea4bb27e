#include "core/nft/foreign/raw_rule.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/nft/foreign/registers.h"
#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

using netlink::Attribute;
using netlink::Attributes;
using netlink::Bytes;
using netlink::ByteView;

/// Expressions without objects of their own, which the kernel takes back as it gave them.
constexpr std::array<std::string_view, 22> kPlain = {
    "bitwise", "byteorder", "cmp",   "counter", "ct",     "fib",   "fwd",    "immediate",
    "limit",   "log",       "masq",  "match",   "meta",   "nat",   "numgen", "payload",
    "queue",   "range",     "redir", "reject",  "target", "tproxy"};

/// Sets the numbers of all counters inside `bytes` to zero. The attributes lie in `bytes`.
void clearCounters(Bytes& bytes) {
  const auto clear = [&](ByteView field) {
    const auto at = static_cast<std::size_t>(field.data() - bytes.data());
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), field.size(), std::uint8_t{0});
  };
  const Attributes list{ByteView(bytes)};
  for (const Attribute& element : list) {
    const Attributes expr(element.payload);
    if (expr.text(NFTA_EXPR_NAME) == "counter") {
      const Attributes data = expr.nested(NFTA_EXPR_DATA);
      clear(data.payload(NFTA_COUNTER_BYTES));
      clear(data.payload(NFTA_COUNTER_PACKETS));
    }
  }
}

bool bindsChain(const Attributes& immediate) {
  const Attributes verdict = immediate.nested(NFTA_IMMEDIATE_DATA).nested(NFTA_DATA_VERDICT);
  return verdict.find(NFTA_VERDICT_CHAIN_ID) != nullptr ||
         verdict.text(NFTA_VERDICT_CHAIN).starts_with("__chain");
}

}  // namespace

std::optional<RawRule> rawRuleOf(const netlink::Message& message) {
  const auto header = message.header<nfgenmsg>();
  if (!header || (message.type != wire::messageType(NFT_MSG_NEWRULE) &&
                  message.type != wire::messageType(NFT_MSG_DELRULE))) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(nfgenmsg));
  RawRule rule;
  rule.family = header->nfgen_family;
  rule.table = attributes.text(NFTA_RULE_TABLE);
  rule.chain = attributes.text(NFTA_RULE_CHAIN);
  rule.handle = attributes.be64(NFTA_RULE_HANDLE).value_or(0);
  const ByteView expressions = attributes.payload(NFTA_RULE_EXPRESSIONS);
  rule.expressions.assign(expressions.begin(), expressions.end());
  const ByteView userdata = attributes.payload(NFTA_RULE_USERDATA);
  rule.userdata.assign(userdata.begin(), userdata.end());
  return rule;
}

RawRule withoutCounts(RawRule rule) {
  clearCounters(rule.expressions);
  return rule;
}

std::string contentOf(const RawRule& rule) {
  Bytes expressions = rule.expressions;
  clearCounters(expressions);
  // The length tells where the one ends and the other begins.
  std::string content = std::to_string(expressions.size()) + ":";
  content.append(expressions.begin(), expressions.end());
  content.append(rule.userdata.begin(), rule.userdata.end());
  return content;
}

RuleCounters countersOf(const RawRule& rule) {
  const Attributes list{ByteView(rule.expressions)};
  for (const Attribute& element : list) {
    const Attributes expr(element.payload);
    if (expr.text(NFTA_EXPR_NAME) == "counter") {
      const Attributes data = expr.nested(NFTA_EXPR_DATA);
      return {data.be64(NFTA_COUNTER_PACKETS).value_or(0),
              data.be64(NFTA_COUNTER_BYTES).value_or(0)};
    }
  }
  return {};
}

std::optional<CompatProtocol> compatProtocolOf(const RawRule& rule) {
  Registers registers;
  const Attributes list{ByteView(rule.expressions)};
  for (const Attribute& element : list) {
    const Attributes expr(element.payload);
    const Attributes data = expr.nested(NFTA_EXPR_DATA);
    if (expr.text(NFTA_EXPR_NAME) != "cmp") {
      registers.take(expr.text(NFTA_EXPR_NAME), data);
      continue;
    }
    const Source source = registers.at(data.be32(NFTA_CMP_SREG).value_or(0));
    const ByteView value = data.nested(NFTA_CMP_DATA).payload(NFTA_DATA_VALUE);
    if (isProtocol(source, rule.family) && source.mask.empty() && value.size() == 1) {
      return CompatProtocol{value[0], data.be32(NFTA_CMP_OP) == NFT_CMP_NEQ};
    }
  }
  return std::nullopt;
}

std::string targetOf(const RawRule& rule) {
  const Attributes list{ByteView(rule.expressions)};
  for (const Attribute& element : list) {
    const Attributes expr(element.payload);
    const auto verdict = expr.nested(NFTA_EXPR_DATA).nested(NFTA_IMMEDIATE_DATA);
    if (expr.text(NFTA_EXPR_NAME) == "immediate") {
      return std::string(verdict.nested(NFTA_DATA_VERDICT).text(NFTA_VERDICT_CHAIN));
    }
  }
  return {};
}

bool restorable(const RawRule& rule) {
  const Attributes list{ByteView(rule.expressions)};
  return std::all_of(list.begin(), list.end(), [](const Attribute& element) {
    const Attributes expr(element.payload);
    const std::string_view name = expr.text(NFTA_EXPR_NAME);
    return std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end() &&
           (name != "immediate" || !bindsChain(expr.nested(NFTA_EXPR_DATA)));
  });
}

}  // namespace hitless::nft

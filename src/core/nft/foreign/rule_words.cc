#include "core/nft/foreign/rule_words.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "core/iptables/xt_text.h"
#include "core/nft/foreign/comparison_words.h"
#include "core/nft/foreign/target_words.h"
#include "core/nft/user_data.h"

namespace hitless::nft {
namespace {

using netlink::Attribute;
using netlink::Attributes;

constexpr std::uint8_t kRuleCommentTag = 0;  // NFTNL_UDATA_RULE_COMMENT

/// Reads one rule from the first expression to the last.
class RuleReader {
 public:
  explicit RuleReader(std::uint8_t family)
      : family_(family == NFPROTO_IPV6 ? IpFamily::kV6 : IpFamily::kV4), words_(family) {}

  void take(std::string_view name, const Attributes& data) {
    if (name == "counter" || registers_.take(name, data)) {
      return;
    }
    if (name == "cmp" || name == "range") {
      compare(name, data);
    } else if (name == "match") {
      words_.addMatch(
          iptables::matchText(data.text(NFTA_MATCH_NAME),
                              static_cast<std::uint8_t>(data.be32(NFTA_MATCH_REV).value_or(0)),
                              data.payload(NFTA_MATCH_INFO), family_));
    } else if (name == "limit" && !limitText(data).empty()) {
      words_.addMatch(limitText(data));
    } else if (!takeTarget(name, data)) {
      words_.addForeign(foreignText(name, data));
    }
  }

  std::string finish(const std::string& comment) {
    if (!comment.empty()) {
      words_.addMatch("-m comment --comment " + iptables::quoted(comment));
    }
    return words_.text(target_);
  }

 private:
  void compare(std::string_view name, const Attributes& data) {
    const bool range = name == "range";
    const Source source = registers_.at(
        data.be32(range ? std::uint16_t{NFTA_RANGE_SREG} : std::uint16_t{NFTA_CMP_SREG})
            .value_or(0));
    words_.add(source, range ? rangeOf(data) : comparisonOf(data));
  }

  /// What ends the rule's text; only the first can.
  bool takeTarget(std::string_view name, const Attributes& data) {
    std::string text;
    if (name == "target") {
      text = iptables::targetText(data.text(NFTA_TARGET_NAME),
                                  static_cast<std::uint8_t>(data.be32(NFTA_TARGET_REV).value_or(0)),
                                  data.payload(NFTA_TARGET_INFO), family_);
    } else {
      text = nativeTarget(name, data);
    }
    if (text.empty() || !target_.empty()) {
      return false;
    }
    target_ = std::move(text);
    return true;
  }

  IpFamily family_;
  Registers registers_;
  RuleWords words_;
  std::string target_;
};

}  // namespace

std::string ruleText(const RawRule& rule) {
  RuleReader reader(rule.family);
  const Attributes list{netlink::ByteView(rule.expressions)};
  for (const Attribute& element : list) {
    const Attributes expr(element.payload);
    reader.take(expr.text(NFTA_EXPR_NAME), expr.nested(NFTA_EXPR_DATA));
  }
  return reader.finish(decodeComment(rule.userdata, kRuleCommentTag));
}

}  // namespace hitless::nft

#include "core/nft/foreign/comparison_words.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>

#include "core/iptables/xt_text.h"
#include "core/nft/foreign/protocols.h"
#include "core/nft/foreign/value_words.h"

namespace hitless::nft {
namespace {

using netlink::Attributes;
using netlink::ByteView;

bool equality(const Comparison& comparison) {
  return (comparison.op == NFT_CMP_EQ || comparison.op == NFT_CMP_NEQ) && comparison.to.empty();
}

std::string_view negation(const Comparison& comparison) {
  return comparison.op == NFT_CMP_NEQ ? "! " : "";
}

std::string foreignComparison(const Source& source, const Comparison& comparison) {
  constexpr std::array<std::string_view, 6> kOps = {"==", "!=", "<", "<=", ">", ">="};
  const std::string_view op = comparison.op < kOps.size() ? kOps[comparison.op] : "?";
  std::string text = fmt::format("{} {} 0x{}", source.hint.empty() ? "unset" : source.hint, op,
                                 hex(comparison.from));
  return comparison.to.empty() ? text : text + "-0x" + hex(comparison.to);
}

}  // namespace

Comparison comparisonOf(const Attributes& cmp) {
  return {cmp.be32(NFTA_CMP_OP).value_or(0), cmp.nested(NFTA_CMP_DATA).payload(NFTA_DATA_VALUE)};
}

Comparison rangeOf(const Attributes& range) {
  const bool negated = range.be32(NFTA_RANGE_OP).value_or(NFT_RANGE_EQ) == NFT_RANGE_NEQ;
  return {negated ? std::uint32_t{NFT_CMP_NEQ} : std::uint32_t{NFT_CMP_EQ},
          range.nested(NFTA_RANGE_FROM_DATA).payload(NFTA_DATA_VALUE),
          range.nested(NFTA_RANGE_TO_DATA).payload(NFTA_DATA_VALUE)};
}

void RuleWords::add(const Source& source, const Comparison& comparison) {
  bool known = false;
  if (isProtocol(source, family_) && source.mask.empty()) {
    known = addProtocol(comparison);
  } else if (source.kind == Source::Kind::kMeta) {
    known = addMeta(source, comparison);
  } else if (source.kind == Source::Kind::kPayload) {
    known = source.base == NFT_PAYLOAD_NETWORK_HEADER ? addNetwork(source, comparison)
                                                      : addTransport(source, comparison);
  }
  if (!known) {
    addForeign(foreignComparison(source, comparison));
  }
}

bool RuleWords::addProtocol(const Comparison& comparison) {
  if (!equality(comparison) || comparison.from.size() != 1 || !protocolText_.empty()) {
    return false;
  }
  if (comparison.op == NFT_CMP_EQ) {
    protocol_ = comparison.from[0];
  }
  protocolText_ = fmt::format("{}-p {}", negation(comparison), protocolName(comparison.from[0]));
  return true;
}

bool RuleWords::addMeta(const Source& source, const Comparison& comparison) {
  if (!equality(comparison)) {
    return false;
  }
  if (source.key == NFT_META_MARK && comparison.from.size() == 4) {
    const std::uint32_t mask = source.mask.size() == 4 ? hostNumber(source.mask) : UINT32_MAX;
    std::string text =
        fmt::format("-m mark {}--mark 0x{:x}", negation(comparison), hostNumber(comparison.from));
    addMatch(mask == UINT32_MAX ? text : text + fmt::format("/0x{:x}", mask));
    return true;
  }
  const bool in = source.key == NFT_META_IIFNAME;
  std::string& place = in ? in_ : out_;
  if ((!in && source.key != NFT_META_OIFNAME) || !source.mask.empty() || !place.empty()) {
    return false;
  }
  place =
      fmt::format("{}-{} {}", negation(comparison), in ? 'i' : 'o', interfaceText(comparison.from));
  return true;
}

bool RuleWords::addNetwork(const Source& source, const Comparison& comparison) {
  const bool v6 = family_ == NFPROTO_IPV6;
  const std::size_t size = v6 ? 16 : 4;
  const std::uint32_t first = v6 ? 8 : 12;
  if (!equality(comparison) || comparison.from.size() != source.length) {
    return false;
  }
  if (!v6 && source.offset == 6 && hex(source.mask) == "1fff" && hex(comparison.from) == "0000") {
    fragment_ = comparison.op == NFT_CMP_NEQ ? "-f" : "! -f";
    return true;
  }
  const bool isSource = source.offset == first;
  std::string& place = isSource ? source_ : destination_;
  if ((!isSource && source.offset != first + size) || source.length > size || !place.empty()) {
    return false;
  }
  place = fmt::format("{}-{} {}", negation(comparison), isSource ? 's' : 'd',
                      networkText(source, comparison.from, size));
  return true;
}

bool RuleWords::addTransport(const Source& source, const Comparison& comparison) {
  constexpr std::uint32_t kFlagsOffset = 13;
  const bool tcp = protocol_ == kTcp;
  if (source.base != NFT_PAYLOAD_TRANSPORT_HEADER || (!tcp && protocol_ != kUdp)) {
    return false;
  }
  bool known = false;
  if (source.length == 2 && (source.offset == 0 || source.offset == 2) && source.mask.empty()) {
    known = addPort(source.offset == 0, comparison);
  } else if (tcp && source.offset == kFlagsOffset && source.length == 1 && flags_.empty() &&
             equality(comparison) && comparison.from.size() == 1) {
    const std::uint8_t mask = source.mask.empty() ? 0xff : source.mask[0];
    flags_ = fmt::format("{}--tcp-flags {} {}", negation(comparison), flagNames(mask),
                         flagNames(comparison.from[0]));
    known = true;
  }
  if (known && !transport_) {
    transport_ = matches_.size();
    matches_.emplace_back();
  }
  return known;
}

bool RuleWords::addPort(bool source, const Comparison& comparison) {
  std::string& place = source ? sourcePort_ : destinationPort_;
  const std::string ports = portsText(comparison);
  if (ports.empty() || !place.empty()) {
    return false;
  }
  place = fmt::format("{}--{} {}", portsNegated(comparison.op) ? "! " : "",
                      source ? "sport" : "dport", ports);
  return true;
}

void RuleWords::addForeign(std::string_view hint) {
  addMatch("-m nft --expr " + iptables::quoted(hint));
}

std::string RuleWords::text(const std::string& target) const {
  std::string text;
  const auto add = [&](std::string_view words) {
    text += words.empty() || text.empty() ? "" : " ";
    text += words;
  };
  for (const std::string* words :
       {&source_, &destination_, &in_, &out_, &protocolText_, &fragment_}) {
    add(*words);
  }
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    add(matches_[i]);
    if (i == transport_) {
      add(protocol_ == kTcp ? "-m tcp" : "-m udp");
      add(sourcePort_);
      add(destinationPort_);
      add(flags_);
    }
  }
  add(target);
  return text;
}

}  // namespace hitless::nft

#include "core/nft/foreign/rule_builder.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/ip.h"
#include "core/iptables/match_bytes.h"
#include "core/iptables/rule.h"
#include "core/nft/foreign/expression_writer.h"
#include "core/nft/foreign/protocols.h"

namespace hitless::nft {
namespace {

using iptables::Match;
using iptables::Option;
using iptables::Rule;
using netlink::Bytes;
using netlink::ByteView;

constexpr std::size_t kInterfaceName = 16;  // IFNAMSIZ

tl::unexpected<Error> unsupported(std::string_view what) {
  return fail(ErrorKind::kUnsupported, fmt::format("a rule with {} is not written here", what),
              "put it in with the node's own iptables");
}

ByteView bytesOf(const std::uint32_t& number) {
  return {reinterpret_cast<const std::uint8_t*>(&number), sizeof number};
}

Result<std::string_view> valueOf(const Option& option) {
  if (option.values.size() != 1) {
    return unsupported(option.name);
  }
  return std::string_view(option.values[0]);
}

/// A name that ends in '+' stands for all that begin so: it is compared without its NUL.
Status addInterface(const Option& option, bool in, Expressions& out) {
  std::string name(TRY(valueOf(option)));
  if (name.empty() || name.size() >= kInterfaceName) {
    return invalid(fmt::format("\"{}\" is no interface name", name));
  }
  const bool prefix = name.back() == '+';
  name.resize(prefix ? name.size() - 1 : name.size());
  out.meta(in ? NFT_META_IIFNAME : NFT_META_OIFNAME);
  if (!name.empty()) {
    out.compare(option.negated, {reinterpret_cast<const std::uint8_t*>(name.c_str()),
                                 name.size() + (prefix ? 0 : 1)});
  }
  return {};
}

Status addAddress(const Option& option, bool source, std::uint8_t family, Expressions& out) {
  const std::string text(TRY(valueOf(option)));
  const bool v4 = family != NFPROTO_IPV6;
  const std::uint32_t size = v4 ? 4 : 16;
  const bool whole = text.find('/') == std::string::npos;
  const Cidr cidr = TRY(Cidr::parse(whole ? fmt::format("{}/{}", text, size * 8) : text)).masked();
  if (cidr.address.isV4() != v4) {
    return invalid(fmt::format("{} is of the other address family", text));
  }
  const std::uint32_t offset = (v4 ? 12U : 8U) + (source ? 0 : size);
  const auto bytes = cidr.address.bytes();
  if (cidr.length % 8 == 0 && cidr.length > 0) {
    out.payload(offset, cidr.length / 8U);
    out.compare(option.negated, bytes.first(cidr.length / 8U));
  } else if (cidr.length > 0) {
    Bytes bits(size);
    for (std::size_t i = 0; i < cidr.length; ++i) {
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 0x80U >> (i % 8));
    }
    out.payload(offset, size);
    out.mask(bits);
    out.compare(option.negated, bytes);
  }
  return {};
}

Status addProtocol(const Option& option, Expressions& out) {
  const std::string_view name = TRY(valueOf(option));
  for (std::uint8_t number = 1; number != 0; ++number) {
    if (protocolName(number) == name || std::to_string(number) == name) {
      out.meta(NFT_META_L4PROTO);
      out.compare(option.negated, {&number, 1});
      return {};
    }
  }
  return unsupported(fmt::format("protocol {}", name));
}

std::optional<std::uint32_t> numberOf(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  text.remove_prefix(hexadecimal ? 2 : 0);
  std::uint32_t value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

Status addMark(const Option& option, Expressions& out) {
  const std::string_view text = TRY(valueOf(option));
  const std::size_t slash = text.find('/');
  const auto value = numberOf(text.substr(0, slash));
  const auto mask = slash == std::string_view::npos ? std::optional(UINT32_MAX)
                                                    : numberOf(text.substr(slash + 1));
  if (!value || !mask) {
    return invalid(fmt::format("\"{}\" is no mark", text));
  }
  out.meta(NFT_META_MARK);
  if (*mask != UINT32_MAX) {
    out.mask(bytesOf(*mask));
  }
  out.compare(option.negated, bytesOf(*value));
  return {};
}

Status addMatch(const Match& match, Expressions& out) {
  if (match.options.size() == 1 && match.name == "comment") {
    out.comment(TRY(valueOf(match.options[0])));
    return {};
  }
  if (match.options.size() == 1 && match.name == "mark") {
    return addMark(match.options[0], out);
  }
  if (const auto bytes = iptables::matchBytesOf(match)) {
    out.match(match.name, bytes->revision, bytes->info);
    return {};
  }
  return unsupported("-m " + match.name);
}

Status addOwn(const Rule& rule, std::uint8_t family, Expressions& out) {
  constexpr std::array<std::string_view, 5> kOrder = {"-i", "-o", "-p", "-s", "-d"};
  for (const std::string_view name : kOrder) {
    for (const Option& option : rule.own) {
      if (option.name != name) {
        continue;
      }
      if (name == "-i" || name == "-o") {
        TRY_VOID(addInterface(option, name == "-i", out));
      } else if (name == "-p") {
        TRY_VOID(addProtocol(option, out));
      } else {
        TRY_VOID(addAddress(option, name == "-s", family, out));
      }
    }
  }
  for (const Option& option : rule.own) {
    if (std::find(kOrder.begin(), kOrder.end(), option.name) == kOrder.end()) {
      return unsupported(option.name);
    }
  }
  return {};
}

Status addTarget(const Rule& rule, const std::function<bool(std::string_view)>& isChain,
                 Expressions& out) {
  struct Verdict {
    std::string_view name;
    std::int32_t code;
  };
  constexpr std::array<Verdict, 3> kVerdicts = {
      {{"ACCEPT", NF_ACCEPT}, {"DROP", NF_DROP}, {"RETURN", NFT_RETURN}}};
  if (isChain(rule.target)) {
    out.verdict(rule.goes ? NFT_GOTO : NFT_JUMP, rule.target);
    return {};
  }
  for (const Verdict& verdict : kVerdicts) {
    if (verdict.name == rule.target && !rule.goes && rule.targetOptions.empty()) {
      out.verdict(verdict.code, {});
      return {};
    }
  }
  return unsupported(fmt::format("target \"{}\", which is no chain of the table,", rule.target));
}

}  // namespace

Result<RawRule> buildRule(std::string_view text, const ChainPlace& place,
                          const std::function<bool(std::string_view)>& isChain) {
  const Rule rule = TRY(iptables::parseRule(text));
  RawRule raw{place.family, place.table, place.chain, 0, {}, {}};
  Expressions out(raw.expressions);
  TRY_VOID(addOwn(rule, place.family, out));
  for (const Match& match : rule.matches) {
    TRY_VOID(addMatch(match, out));
  }
  out.counter();
  TRY_VOID(addTarget(rule, isChain, out));
  return raw;
}

}  // namespace hitless::nft

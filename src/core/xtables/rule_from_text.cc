#include <fmt/format.h>
#include <linux/netfilter/xt_mark.h>
// Before ip_tables.h, which uses its structures.
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/text.h"
#include "core/iptables/match_bytes.h"
#include "core/iptables/rule.h"
#include "core/xtables/change.h"

namespace hitless::xtables {
namespace {

using iptables::Option;

tl::unexpected<Error> cannot(std::string_view what) {
  return fail(ErrorKind::kUnsupported, fmt::format("a legacy rule with {} cannot be made", what));
}

IpAddress maskOf(const IpAddress& like, unsigned length) {
  std::array<std::uint8_t, 16> bytes{};
  for (unsigned bit = 0; bit < length && bit < 128; ++bit) {
    bytes.at(bit / 8) |= static_cast<std::uint8_t>(0x80U >> bit % 8);
  }
  return like.isV4() ? IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 |
                                     bytes[2] << 8 | bytes[3])
                     : IpAddress::v6(bytes);
}

Status setNetwork(const std::string& text, IpFamily family, IpAddress& address, IpAddress& mask) {
  const bool bare = text.find('/') == std::string::npos;
  const Cidr cidr =
      TRY(Cidr::parse(bare ? text + (family == IpFamily::kV4 ? "/32" : "/128") : text));
  if (cidr.address.family() != family) {
    return invalid(fmt::format("{} is of the other family", text));
  }
  address = cidr.masked().address;
  mask = maskOf(address, cidr.length);
  return {};
}

/// The mask covers the NUL of a whole name, and nothing from '+' on.
Status setInterface(const std::string& name, std::array<char, 16>& to,
                    std::array<std::uint8_t, 16>& mask) {
  if (name.empty() || name.size() >= to.size()) {
    return invalid(fmt::format("\"{}\" is no name of an interface", name));
  }
  std::copy(name.begin(), name.end(), to.begin());
  const std::size_t covered = name.back() == '+' ? name.size() - 1 : name.size() + 1;
  std::fill_n(mask.begin(), covered, 0xff);
  return {};
}

Status setOwn(const Option& option, IpFamily family, Selector& selector) {
  if (option.values.size() != 1) {
    return cannot(option.name);
  }
  const std::string& value = option.values.front();
  const auto invert = [&](unsigned bit) {
    selector.inverted |= static_cast<std::uint8_t>(option.negated ? bit : 0);
  };
  if (option.name == "-s") {
    invert(IPT_INV_SRCIP);
    return setNetwork(value, family, selector.source, selector.sourceMask);
  }
  if (option.name == "-d") {
    invert(IPT_INV_DSTIP);
    return setNetwork(value, family, selector.destination, selector.destinationMask);
  }
  if (option.name == "-i") {
    invert(IPT_INV_VIA_IN);
    return setInterface(value, selector.in, selector.inMask);
  }
  if (option.name == "-o") {
    invert(IPT_INV_VIA_OUT);
    return setInterface(value, selector.out, selector.outMask);
  }
  return cannot(option.name);
}

/// "0x4000" or "0x4000/0x4000"
Result<xt_mark_mtinfo1> markOf(const Option& option) {
  const auto number = [](std::string text) {
    char* end = nullptr;
    const unsigned long value = std::strtoul(text.c_str(), &end, 0);
    return text.empty() || *end != '\0' ? std::nullopt : std::optional(value);
  };
  const auto parts = split(option.values.front(), '/');
  const auto mark = number(std::string(parts[0]));
  const auto mask = parts.size() > 1 ? number(std::string(parts[1])) : 0xffffffffUL;
  if (!mark || !mask || parts.size() > 2) {
    return invalid(fmt::format("\"{}\" is no mark", option.values.front()));
  }
  return xt_mark_mtinfo1{static_cast<std::uint32_t>(*mark), static_cast<std::uint32_t>(*mask),
                         static_cast<std::uint8_t>(option.negated ? 1 : 0)};
}

Result<Bytes> matchOf(const iptables::Match& match) {
  constexpr std::size_t kComment = 256;  // XT_MAX_COMMENT_LEN
  const bool one = match.options.size() == 1 && match.options.front().values.size() == 1;
  if (one && match.name == "comment" && match.options.front().name == "--comment") {
    Bytes data(kComment);
    const std::string& text = match.options.front().values.front();
    std::copy_n(text.begin(), std::min(text.size(), kComment - 1), data.begin());
    return matchBytes("comment", 0, data);
  }
  if (one && match.name == "mark" && match.options.front().name == "--mark") {
    const xt_mark_mtinfo1 mark = TRY(markOf(match.options.front()));
    // Field by field: `iptables -C` compares the padding as well, which is zero.
    Bytes data(sizeof mark);
    std::memcpy(data.data() + offsetof(xt_mark_mtinfo1, mark), &mark.mark, sizeof mark.mark);
    std::memcpy(data.data() + offsetof(xt_mark_mtinfo1, mask), &mark.mask, sizeof mark.mask);
    data[offsetof(xt_mark_mtinfo1, invert)] = mark.invert;
    return matchBytes("mark", 1, data);
  }
  if (const auto bytes = iptables::matchBytesOf(match)) {
    return matchBytes(match.name, bytes->revision, bytes->info);
  }
  return cannot("-m " + match.name);
}

Result<std::int32_t> verdictOf(const iptables::Rule& rule, RuleForm& form) {
  if (rule.target == "ACCEPT" && !rule.goes) {
    return kAccept;
  }
  if (rule.target == "RETURN" && !rule.goes) {
    return kReturn;
  }
  if (rule.target.empty() || rule.target == "DROP" || !rule.targetOptions.empty()) {
    return cannot(rule.target.empty() ? "no target" : "target " + rule.target);
  }
  form.leadsTo = rule.target;
  return 0;
}

}  // namespace

Result<RuleForm> ruleFromText(std::string_view text, IpFamily family) {
  const iptables::Rule rule = TRY(iptables::parseRule(text));
  RuleForm form;
  Selector selector;
  selector.source = selector.destination = selector.sourceMask = selector.destinationMask =
      family == IpFamily::kV4 ? IpAddress::v4(0) : IpAddress::v6({});
  for (const Option& option : rule.own) {
    TRY_VOID(setOwn(option, family, selector));
  }
  std::vector<Bytes> matches;
  for (const iptables::Match& match : rule.matches) {
    matches.push_back(TRY(matchOf(match)));
  }
  selector.goes = rule.goes;
  form.entry = standardEntry(selector, matches, TRY(verdictOf(rule, form)));
  return form;
}

}  // namespace hitless::xtables

#include "core/nft/foreign/target_words.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/iptables/xt_text.h"

namespace hitless::nft {
namespace {

using netlink::Attributes;

std::string verdictText(const Attributes& verdict) {
  switch (static_cast<std::int32_t>(verdict.be32(NFTA_VERDICT_CODE).value_or(NFT_CONTINUE))) {
    case NF_ACCEPT:
      return "-j ACCEPT";
    case NF_DROP:
      return "-j DROP";
    case NFT_RETURN:
      return "-j RETURN";
    case NFT_JUMP:
      return "-j " + std::string(verdict.text(NFTA_VERDICT_CHAIN));
    case NFT_GOTO:
      return "-g " + std::string(verdict.text(NFTA_VERDICT_CHAIN));
    default:
      return {};
  }
}

std::string logText(const Attributes& data) {
  if (data.find(NFTA_LOG_GROUP) == nullptr) {
    return {};
  }
  std::string text = "-j NFLOG";
  if (const std::string_view prefix = data.text(NFTA_LOG_PREFIX); !prefix.empty()) {
    text += " --nflog-prefix " + iptables::quoted(prefix);
  }
  const auto number = [&](std::string_view option, std::uint32_t value) {
    text += value == 0 ? "" : fmt::format(" --{} {}", option, value);
  };
  number("nflog-group", data.be16(NFTA_LOG_GROUP).value_or(0));
  number("nflog-size", data.be32(NFTA_LOG_SNAPLEN).value_or(0));
  number("nflog-threshold", data.be16(NFTA_LOG_QTHRESHOLD).value_or(0));
  return text;
}

struct Unit {
  std::string_view name;
  std::uint64_t seconds;
};
constexpr std::array<Unit, 4> kUnits = {{{"day", 86400}, {"hour", 3600}, {"min", 60}, {"sec", 1}}};
constexpr std::uint64_t kScale = 10'000;    // XT_LIMIT_SCALE
constexpr std::uint32_t kDefaultBurst = 5;  // of libxt_limit.c

}  // namespace

std::string nativeTarget(std::string_view expression, const Attributes& data) {
  if (expression == "immediate") {
    return verdictText(data.nested(NFTA_IMMEDIATE_DATA).nested(NFTA_DATA_VERDICT));
  }
  return expression == "log" ? logText(data) : std::string();
}

std::string limitText(const Attributes& data) {
  const std::uint64_t rate = data.be64(NFTA_LIMIT_RATE).value_or(0);
  const std::uint64_t unit = data.be64(NFTA_LIMIT_UNIT).value_or(0);
  const std::uint32_t burst = data.be32(NFTA_LIMIT_BURST).value_or(kDefaultBurst);
  if (rate == 0 || unit == 0 || unit > kUnits[0].seconds * 7 ||
      data.be32(NFTA_LIMIT_TYPE).value_or(NFT_LIMIT_PKTS) != NFT_LIMIT_PKTS ||
      data.be32(NFTA_LIMIT_FLAGS).value_or(0) != 0) {
    return {};
  }
  // The largest unit in which the rate is a number without much of a rest, as libxt_limit.c does.
  const std::uint64_t period = std::max<std::uint64_t>(kScale * unit / rate, 1);
  std::size_t i = 1;
  for (; i < kUnits.size(); ++i) {
    const std::uint64_t multiple = kUnits[i].seconds * kScale;
    if (period > multiple || multiple / period < multiple % period) {
      break;
    }
  }
  const Unit& best = kUnits[i - 1];
  std::string text =
      fmt::format("-m limit --limit {}/{}", best.seconds * kScale / period, best.name);
  return burst == kDefaultBurst ? text : text + fmt::format(" --limit-burst {}", burst);
}

std::string foreignText(std::string_view expression, const Attributes& data) {
  if (expression == "lookup") {
    return fmt::format("lookup @{}", data.text(NFTA_LOOKUP_SET));
  }
  if (expression == "dynset") {
    return fmt::format("update @{}", data.text(NFTA_DYNSET_SET_NAME));
  }
  if (expression == "objref") {
    return fmt::format("object {}", data.text(NFTA_OBJREF_IMM_NAME));
  }
  return expression.empty() ? "unknown" : std::string(expression);
}

}  // namespace hitless::nft

#include "core/iptables/xt_text.h"

#include <fmt/format.h>

#include "core/iptables/xt_words.h"

namespace hitless::iptables {
namespace {

std::string bytesText(std::uint8_t revision, netlink::ByteView info) {
  std::string text = fmt::format(" --xt-info {}:", revision);
  for (const std::uint8_t byte : info) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

bool needsNoQuotes(std::string_view text) {
  constexpr std::string_view kPlain =
      "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
}

/// Names come from the kernel, but also from bytes of any kind.
std::string safeName(std::string_view name) {
  return needsNoQuotes(name) ? std::string(name) : quoted(name);
}

}  // namespace

std::string matchText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                      IpFamily family, const SetNames* sets) {
  const xt::Info whole{info, family, sets};
  const xt::Words words = xt::matchWords(name, revision, whole);
  if (!words) {
    return "-m " + safeName(name) + bytesText(revision, info);
  }
  return "-m " + std::string(xt::matchName(name, revision, whole)) + *words;
}

std::string targetText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                       IpFamily family, const SetNames* sets) {
  const xt::Info whole{info, family, sets};
  const xt::Words words = xt::targetWords(name, revision, whole);
  if (!words) {
    return "-j " + safeName(name) + bytesText(revision, info);
  }
  return "-j " + std::string(xt::targetName(name, revision, whole)) + *words;
}

// As xtables_save_string() in iptables' libxtables/xtables.c.
std::string quoted(std::string_view text) {
  if (needsNoQuotes(text)) {
    return std::string(text);
  }
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') {
      result += '\\';
    }
    result += c;
  }
  return result + '"';
}

namespace xt {

IpAddress address(const void* bytes, IpFamily family) {
  std::array<std::uint8_t, 16> all{};
  std::memcpy(all.data(), bytes, family == IpFamily::kV4 ? 4 : 16);
  if (family == IpFamily::kV6) {
    return IpAddress::v6(all);
  }
  return IpAddress::v4(static_cast<std::uint32_t>(all[0]) << 24 | all[1] << 16 | all[2] << 8 |
                       all[3]);
}

std::string maskText(const void* bytes, IpFamily family) {
  const IpAddress mask = address(bytes, family);
  unsigned ones = 0;
  bool ended = false;
  for (const std::uint8_t byte : mask.bytes()) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool one = (byte >> bit & 1) != 0;
      if (one && ended) {
        return "/" + mask.text();
      }
      ended = ended || !one;
      ones += one ? 1 : 0;
    }
  }
  return ones == mask.bytes().size() * 8 ? "" : fmt::format("/{}", ones);
}

std::string range(unsigned low, unsigned high, char separator) {
  return low == high ? fmt::format("{}", low) : fmt::format("{}{}{}", low, separator, high);
}

}  // namespace xt
}  // namespace hitless::iptables

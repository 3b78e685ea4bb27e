#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/ip.h"
#include "core/iptables/xt_text.h"
#include "core/netlink/message.h"

/// What the writers of matches and targets share (xt_text.cc).
namespace hitless::iptables::xt {

struct Info {
  netlink::ByteView bytes;
  IpFamily family = IpFamily::kV4;
  const SetNames* sets = nullptr;

  /// The kernel's structure; nullopt if there are fewer bytes.
  template <class Struct>
  std::optional<Struct> as() const {
    static_assert(std::is_trivially_copyable_v<Struct>);
    if (bytes.size() < sizeof(Struct)) {
      return std::nullopt;
    }
    Struct value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

/// The words behind the name, each with a blank before it; nullopt: not known, keep the bytes.
using Words = std::optional<std::string>;

struct Writer {
  std::string_view name;
  std::uint8_t revision;
  Words (*write)(const Info& info);
};

Words matchWords(std::string_view name, std::uint8_t revision, const Info& info);
Words targetWords(std::string_view name, std::uint8_t revision, const Info& info);
/// DNAT, SNAT, MASQUERADE, REDIRECT.
Words natWords(std::string_view name, std::uint8_t revision, const Info& info);
/// -m conntrack of revisions 1 to 3.
Words conntrackWords(std::uint8_t revision, const Info& info);
/// The name that iptables-save gives: -m state is kept as conntrack, NOTRACK as CT.
std::string_view matchName(std::string_view name, std::uint8_t revision, const Info& info);
std::string_view targetName(std::string_view name, std::uint8_t revision, const Info& info);

/// " !" or nothing.
inline const char* no(bool negated) {
  return negated ? " !" : "";
}
/// Of a field of characters: up to the first NUL, or all.
template <std::size_t kSize>
std::string_view text(const char (&field)[kSize]) {
  return {field, ::strnlen(field, kSize)};
}
/// 4 or 16 bytes at `bytes`.
IpAddress address(const void* bytes, IpFamily family);
/// "/24", "" for all ones, "/255.0.255.0" where it is no prefix.
std::string maskText(const void* bytes, IpFamily family);
/// "80" or "80:90"
std::string range(unsigned low, unsigned high, char separator = ':');

}  // namespace hitless::iptables::xt

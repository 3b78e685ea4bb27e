#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The Domain Name System's vocabulary (RFC 1035, IANA "DNS Parameters").
namespace hitless::dns {

using ByteView = std::span<const std::uint8_t>;

enum class Type : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kIxfr = 251,
  kAxfr = 252,
  kAny = 255,
};
/// "A", or "TYPE65" (RFC 3597) for one that has no name here.
std::string text(Type type);
/// A name or TYPEnnn, in any case.
std::optional<Type> parseType(std::string_view text);

enum class Class : std::uint16_t { kInternet = 1, kChaos = 3, kAny = 255 };
/// "IN", or "CLASS3" for one that has no name here.
std::string text(Class klass);

enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,  ///< Needs EDNS: its upper bits lie in the OPT record.
};
std::string text(Rcode rcode);

/// Extended DNS Errors (RFC 8914 5.2): the reason of an answer, for people.
enum class ExtendedError : std::uint16_t {
  kNone = 0xffff,
  kStaleAnswer = 3,
  kNotReady = 14,
  kProhibited = 18,
  kStaleNxDomain = 19,
  kNoReachableAuthority = 22,
};

enum class Transport : std::uint8_t { kUdp, kTcp };

inline constexpr std::size_t kHeaderSize = 12;
/// Of a name in wire form, the root's byte included.
inline constexpr std::size_t kMaxName = 255;
inline constexpr std::size_t kMaxLabel = 63;
/// What may be sent by UDP to a client that says nothing of its buffer (RFC 1035 2.3.4).
inline constexpr std::size_t kPlainUdpSize = 512;
/// The most that is sent by UDP whatever the client says (DNS flag day 2020).
inline constexpr std::size_t kMaxUdpSize = 1232;
inline constexpr std::size_t kMaxMessage = 65535;

inline std::uint16_t readU16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline std::uint32_t readU32(ByteView bytes, std::size_t at) {
  return std::uint32_t{readU16(bytes, at)} << 16 | readU16(bytes, at + 2);
}
inline void writeU16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void writeU32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  writeU16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  writeU16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace hitless::dns

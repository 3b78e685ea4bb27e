#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Netlink messages as bytes (RFC 3549, linux/netlink.h): a writer and bounds-checked readers that
/// know no socket. Attribute payloads are at most 65531 bytes; whoever writes more must split.
namespace hitless::netlink {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The most that one attribute can hold, its own header not counted.
inline constexpr std::size_t kMaxAttributePayload = 0xffff - 4;

/// Appends messages to a buffer that the caller keeps.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}

  void begin(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence);
  /// Closes the message that begin() opened; every nest must be closed.
  void end();

  /// The protocol's fixed header (ifinfomsg, nfgenmsg, ...), directly after begin().
  template <class Struct>
  void header(const Struct& value) {
    static_assert(std::is_trivially_copyable_v<Struct>);
    raw({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }

  void put(std::uint16_t type, ByteView payload);
  void putU8(std::uint16_t type, std::uint8_t value);
  void putU32(std::uint16_t type,
              std::uint32_t value);  ///< Host byte order, as rtnetlink wants it.
  void putBe16(std::uint16_t type,
               std::uint16_t value);  ///< Network byte order, as nfnetlink does.
  void putBe32(std::uint16_t type, std::uint32_t value);
  void putBe64(std::uint16_t type, std::uint64_t value);
  /// With the terminating NUL.
  void putString(std::uint16_t type, std::string_view text);

  /// Opens an attribute that holds attributes; give the result to closeNest().
  [[nodiscard]] std::size_t openNest(std::uint16_t type);
  void closeNest(std::size_t mark);

  std::size_t size() const { return out_.size(); }

 private:
  void raw(ByteView bytes);

  Bytes& out_;
  std::size_t start_ = 0;
};

/// One attribute as it lies in the buffer it was read from. A reader of the wrong size gives
/// nullopt.
struct Attribute {
  std::uint16_t type = 0;  ///< Without the nested and byte-order flags.
  ByteView payload;

  std::optional<std::uint8_t> u8() const;
  std::optional<std::uint32_t> u32() const;
  std::optional<std::uint16_t> be16() const;
  std::optional<std::uint32_t> be32() const;
  std::optional<std::uint64_t> be64() const;
  /// Up to the first NUL.
  std::string_view text() const;
};

/// The attributes in a payload, in order; stops at the first that does not fit.
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(ByteView payload);
  /// The first of a type, or nullptr.
  const Attribute* find(std::uint16_t type) const;
  /// The attributes inside the first of a type; none if it is missing.
  Attributes nested(std::uint16_t type) const;
  /// Shorthands for find(): nullopt or empty text where the attribute is missing or of another
  /// size.
  std::optional<std::uint8_t> u8(std::uint16_t type) const;
  std::optional<std::uint32_t> u32(std::uint16_t type) const;
  std::optional<std::uint16_t> be16(std::uint16_t type) const;
  std::optional<std::uint32_t> be32(std::uint16_t type) const;
  std::optional<std::uint64_t> be64(std::uint16_t type) const;
  std::string_view text(std::uint16_t type) const;
  ByteView payload(std::uint16_t type) const;

  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<Attribute> list_;
};

struct Message {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  ByteView payload;
  std::uint32_t port = 0;  ///< Of a notification: the netlink port of whoever caused it.

  /// The payload behind a fixed header of `headerSize` bytes; none if it is shorter.
  Attributes attributes(std::size_t headerSize) const;
  /// The fixed header; nullopt if the payload is shorter.
  template <class Struct>
  std::optional<Struct> header() const {
    static_assert(std::is_trivially_copyable_v<Struct>);
    if (payload.size() < sizeof(Struct)) {
      return std::nullopt;
    }
    Struct value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
};

/// The whole messages in a datagram; stops at the first that is cut short.
std::vector<Message> parseMessages(ByteView datagram);

/// What NLMSG_ERROR says; code 0 is an acknowledgement.
struct Ack {
  int code = 0;              ///< errno, positive.
  std::string text;          ///< The kernel's own words (extended ack), often empty.
  std::uint32_t offset = 0;  ///< Of the offending attribute in the request; 0 = not told.
};
/// nullopt if the message is no acknowledgement or cut short.
std::optional<Ack> parseAck(const Message& message);

}  // namespace hitless::netlink

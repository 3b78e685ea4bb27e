#pragma once

#include <span>
#include <string_view>

#include "base/ip.h"
#include "core/dns/packet.h"
#include "core/dns/query.h"

namespace hitless::dns {

/// Writes one response into a buffer that the caller keeps, at most `limit` bytes of it. What does
/// not fit is left out whole. Sections must be written in their order. Nothing is allocated.
class MessageWriter {
 public:
  /// Begins with the header and the client's question as it was asked. `out` must hold the header
  /// and the question; without a question the response has none.
  MessageWriter(std::span<std::uint8_t> out, std::size_t limit, const Query& query);

  /// Each writes one record; false if it does not fit. `owner` in wire form; data().data() of the
  /// question's own name makes a pointer to it, so that the client's spelling is kept.
  bool address(Section section, std::string_view owner, std::uint32_t ttl, const IpAddress& ip);
  /// CNAME, PTR and NS.
  bool name(Section section, std::string_view owner, Type type, std::uint32_t ttl,
            std::string_view target);
  bool srv(Section section, std::string_view owner, std::uint32_t ttl, std::uint16_t weight,
           std::uint16_t port, std::string_view target);
  bool soa(Section section, std::string_view owner, std::uint32_t ttl, std::string_view server,
           std::string_view mailbox, std::uint32_t serial, std::uint32_t minimum);
  /// Each text at most 255 bytes.
  bool txt(Section section, std::string_view owner, std::uint32_t ttl,
           std::span<const std::string_view> texts);
  /// Any record whose data holds no compressed name.
  bool raw(Section section, std::string_view owner, Type type, Class klass, std::uint32_t ttl,
           ByteView data);

  struct Ending {
    Rcode rcode = Rcode::kNoError;
    bool authoritative = false;
    bool truncated = false;
    bool recursionAvailable = false;
    ExtendedError extendedError = ExtendedError::kNone;  ///< Said only to clients with EDNS.
  };
  /// Sets the header, adds the OPT if the client sent one, and gives the message's size.
  std::size_t finish(const Ending& ending);

 private:
  template <class Data>
  bool record(Section section, std::string_view owner, Type type, Class klass, std::uint32_t ttl,
              Data data);
  /// The room for the next bytes; empty if they do not fit.
  std::span<std::uint8_t> claim(std::size_t size);
  void put8(std::uint8_t value);
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put(ByteView bytes);
  /// As a pointer into the question where the name's end is there.
  void putName(std::string_view wire);
  void putPlainName(std::string_view wire);

  std::span<std::uint8_t> out_;
  std::size_t limit_;  ///< Less what the OPT will need.
  const Query& query_;
  std::size_t at_ = 0;
  bool overflow_ = false;
  std::uint16_t counts_[3] = {0, 0, 0};
};

}  // namespace hitless::dns

#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/dns/name.h"
#include "core/dns/types.h"

/// DNS messages as a test writes and reads them. The reader is another than the product's: it
/// throws where a message is malformed.
namespace hitless::testing {

/// A response as text.
struct DnsResponse {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  dns::Rcode rcode{};
  std::string question;             ///< As it was spelled.
  std::vector<std::string> answer;  ///< "NAME TTL TYPE DATA"
  std::vector<std::string> authority;
  std::vector<std::string> additional;  ///< Without OPT.
  std::optional<std::uint16_t> edns;

  bool truncated() const { return (flags & 0x0200) != 0; }
  bool authoritative() const { return (flags & 0x0400) != 0; }
};

class DnsReader {
 public:
  explicit DnsReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  DnsResponse read() {
    DnsResponse response;
    response.id = u16();
    response.flags = u16();
    response.rcode = static_cast<dns::Rcode>(response.flags & 15);
    const unsigned questions = u16();
    const unsigned counts[] = {u16(), u16(), u16()};
    for (unsigned i = 0; i < questions; ++i) {
      response.question = name();
      u16();
      u16();
    }
    std::vector<std::string>* sections[] = {&response.answer, &response.authority,
                                            &response.additional};
    for (int section = 0; section < 3; ++section) {
      for (unsigned i = 0; i < counts[section]; ++i) {
        record(*sections[section], response);
      }
    }
    if (at_ != bytes_.size()) {
      throw std::runtime_error("bytes behind the message");
    }
    return response;
  }

 private:
  std::uint8_t u8() {
    if (at_ >= bytes_.size()) {
      throw std::runtime_error("the message ends too early");
    }
    return bytes_[at_++];
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string name() {
    std::string text;
    std::size_t back = 0;
    for (int jumps = 0;;) {
      const std::uint8_t length = u8();
      if (length >= 0xc0) {
        const std::size_t target = (length & 0x3fU) << 8 | u8();
        back = back == 0 ? at_ : back;
        at_ = target;
        if (++jumps > 10) {
          throw std::runtime_error("pointers in a circle");
        }
      } else if (length == 0) {
        break;
      } else {
        for (int i = 0; i < length; ++i) {
          text += static_cast<char>(u8());
        }
        text += '.';
      }
    }
    at_ = back == 0 ? at_ : back;
    return text.empty() ? "." : text;
  }
  void record(std::vector<std::string>& section, DnsResponse& response) {
    const std::string owner = name();
    const auto type = static_cast<dns::Type>(u16());
    const std::uint16_t klass = u16();
    const std::uint32_t ttl = u32();
    const std::size_t length = u16();
    const std::size_t end = at_ + length;
    if (type == dns::Type::kOpt) {
      response.edns = klass;
      response.rcode = static_cast<dns::Rcode>((response.flags & 15) | (ttl >> 24 << 4));
      at_ = end;
      return;
    }
    section.push_back(fmt::format("{} {} {} {}", owner, ttl, dns::text(type), data(type, end)));
    if (at_ != end) {
      throw std::runtime_error("a record's length is wrong");
    }
  }
  std::string data(dns::Type type, std::size_t end) {
    switch (type) {
      case dns::Type::kA:
      case dns::Type::kAaaa: {
        std::array<std::uint8_t, 16> address{};
        const std::size_t size = end - at_;
        for (std::size_t i = 0; i < size && i < 16; ++i) {
          address[i] = u8();
        }
        return size == 4 ? IpAddress::v4(std::uint32_t{address[0]} << 24 |
                                         std::uint32_t{address[1]} << 16 |
                                         std::uint32_t{address[2]} << 8 | address[3])
                               .text()
                         : IpAddress::v6(address).text();
      }
      case dns::Type::kCname:
      case dns::Type::kNs:
      case dns::Type::kPtr:
        return name();
      case dns::Type::kSrv: {
        const unsigned priority = u16();
        const unsigned weight = u16();
        const unsigned port = u16();
        return fmt::format("{} {} {} {}", priority, weight, port, name());
      }
      case dns::Type::kSoa: {
        const std::string server = name();
        const std::string mailbox = name();
        u32();
        u32();
        u32();
        u32();
        return fmt::format("{} {} minimum {}", server, mailbox, u32());
      }
      case dns::Type::kTxt: {
        std::string text;
        while (at_ < end) {
          text += text.empty() ? "\"" : " \"";
          for (int i = u8(); i > 0; --i) {
            text += static_cast<char>(u8());
          }
          text += '"';
        }
        return text;
      }
      default: {
        std::string text;
        while (at_ < end) {
          text += fmt::format("{:02x}", u8());
        }
        return text;
      }
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace hitless::testing

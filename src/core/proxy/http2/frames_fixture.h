#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP/2 frames by hand (RFC 9113 4.1 and 6), for what a library's own peer refuses to send.
namespace hitless::proxy::http2 {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) {
    out += static_cast<char>(value >> (8 * i));
  }
  return out;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         std::string_view payload = {}) {
  return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) +
         std::string(payload);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// HPACK's literals without indexing, not Huffman-coded (RFC 7541 6.2.2); texts below 16,510 bytes.
inline std::string literal(std::string_view text) {
  std::string out;
  if (text.size() < 127) {
    out += static_cast<char>(text.size());
  } else {
    const std::size_t rest = text.size() - 127;
    out += '\x7f';
    out += static_cast<char>(rest < 128 ? rest : 128 + rest % 128);
    out += rest < 128 ? std::string() : std::string(1, static_cast<char>(rest / 128));
  }
  return out.append(text);
}

inline std::string hpack(const Pairs& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    out += literal(name) + literal(value);
  }
  return out;
}

inline std::string settingsFrame(
    const std::vector<std::pair<std::uint16_t, std::uint32_t>>& all = {}) {
  std::string payload;
  for (const auto& [id, value] : all) {
    payload += number(id, 2) + number(value, 4);
  }
  return frame(NGHTTP2_SETTINGS, 0, 0, payload);
}
inline std::string settingsAck() {
  return frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0);
}
inline std::string headersFrame(std::uint32_t stream, const Pairs& fields, bool end) {
  return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | (end ? NGHTTP2_FLAG_END_STREAM : 0),
               stream, hpack(fields));
}
inline std::string dataFrame(std::uint32_t stream, std::string_view bytes, bool end) {
  return frame(NGHTTP2_DATA, end ? NGHTTP2_FLAG_END_STREAM : 0, stream, bytes);
}
inline std::string rstFrame(std::uint32_t stream, std::uint32_t code) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, number(code, 4));
}
inline std::string goawayFrame(std::uint32_t last, std::uint32_t code) {
  return frame(NGHTTP2_GOAWAY, 0, 0, number(last, 4) + number(code, 4));
}
inline std::string windowFrame(std::uint32_t stream, std::uint32_t more) {
  return frame(NGHTTP2_WINDOW_UPDATE, 0, stream, number(more, 4));
}
inline std::string pingFrame(std::string_view payload = "12345678", bool ack = false) {
  return frame(NGHTTP2_PING, ack ? NGHTTP2_FLAG_ACK : 0, 0, payload);
}

/// A frame that was read.
struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  /// The four bytes at `at`, big-endian: codes of RST_STREAM (0), last stream and code of GOAWAY
  /// (0, 4).
  std::uint32_t word(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4 && i < payload.size(); ++i) {
      value = value << 8 | static_cast<std::uint8_t>(payload[i]);
    }
    return value;
  }
};

/// The whole frames at the beginning of `bytes`.
inline std::vector<Frame> parseFrames(std::string_view bytes) {
  std::vector<Frame> out;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  while (bytes.size() >= 9) {
    const std::size_t size = std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2);
    if (bytes.size() < 9 + size) {
      break;
    }
    Frame one{byte(3), byte(4), 0, std::string(bytes.substr(9, size))};
    one.stream = std::uint32_t{byte(5)} << 24 | std::uint32_t{byte(6)} << 16 |
                 std::uint32_t{byte(7)} << 8 | byte(8);
    out.push_back(std::move(one));
    bytes.remove_prefix(9 + size);
  }
  return out;
}

inline std::vector<Frame> only(std::uint8_t type, const std::vector<Frame>& frames) {
  std::vector<Frame> out;
  for (const Frame& one : frames) {
    if (one.type == type) {
      out.push_back(one);
    }
  }
  return out;
}

}  // namespace hitless::proxy::http2

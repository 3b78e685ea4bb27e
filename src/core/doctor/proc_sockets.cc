#include <array>
#include <charconv>
#include <cstring>

#include "core/doctor/proc_tables.h"

/// proc/net/tcp and tcp6: "  0: 0100007F:1F90 0200007F:C350 01 ..." (net/ipv4/tcp_ipv4.c,
/// get_tcp4_sock()). An address is printed as words of the host, in the order of the network.
namespace hitless::doctor {
namespace {

template <class Number>
bool readHex(std::string_view word, Number& into) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into, 16);
  return error == std::errc() && end == word.data() + word.size();
}

std::optional<IpAddress> addressOf(std::string_view digits) {
  std::array<std::uint8_t, 16> bytes{};
  if (digits.size() != 8 && digits.size() != 32) {
    return std::nullopt;
  }
  for (std::size_t at = 0; at < digits.size(); at += 8) {
    std::uint32_t word = 0;
    if (!readHex(digits.substr(at, 8), word)) {
      return std::nullopt;
    }
    std::memcpy(bytes.data() + at / 2, &word, sizeof word);
  }
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool mapped = digits.size() == 32 && std::memcmp(bytes.data(), kMapped.data(), 12) == 0;
  if (digits.size() == 32 && !mapped) {
    return IpAddress::v6(bytes);
  }
  const std::uint8_t* four = bytes.data() + (mapped ? 12 : 0);
  return IpAddress::v4(static_cast<std::uint32_t>(four[0]) << 24 | four[1] << 16 | four[2] << 8 |
                       four[3]);
}

bool readEnd(std::string_view word, IpAddress& address, std::uint16_t& port) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || !readHex(word.substr(colon + 1), port)) {
    return false;
  }
  const auto parsed = addressOf(word.substr(0, colon));
  address = parsed.value_or(IpAddress());
  return parsed.has_value();
}

std::string_view nextWord(std::string_view& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
  const std::size_t end = std::min(rest.find(' ', begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<SocketLine> parseSocketLine(std::string_view line) {
  SocketLine socket;
  nextWord(line);  // "0:"
  const std::string_view local = nextWord(line);
  const std::string_view remote = nextWord(line);
  const bool fits = readEnd(local, socket.local, socket.localPort) &&
                    readEnd(remote, socket.remote, socket.remotePort) &&
                    readHex(nextWord(line), socket.state);
  return fits ? std::optional(socket) : std::nullopt;
}

void eachSocket(std::string_view text, const std::function<void(const SocketLine&)>& each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto socket = parseSocketLine(text.substr(0, end))) {
      each(*socket);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace hitless::doctor

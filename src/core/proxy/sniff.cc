#include "core/proxy/sniff.h"

#include <cstdint>

#include "core/proxy/http1/characters.h"

namespace hitless::proxy {
namespace {

/// No method that is in use is longer; what goes on longer is no request line.
constexpr std::size_t kLongestMethod = 32;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint16_t kServerName = 0;

/// Takes numbers and pieces off the front; what is missing makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const char c : piece(size)) {
      value = value << 8 | static_cast<std::uint8_t>(c);
    }
    return value;
  }
  std::string_view piece(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  /// A piece whose size stands before it, in so many bytes.
  std::string_view sized(std::size_t sizeBytes) { return piece(number(sizeBytes)); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string nameIn(std::string_view extension) {
  Reader list(Reader(extension).sized(2));
  while (list.ok() && !list.empty()) {
    const std::uint32_t type = list.number(1);
    const std::string_view name = list.sized(2);
    if (list.ok() && type == 0) {
      return std::string(name);
    }
  }
  return {};
}

std::string nameInHello(std::string_view hello) {
  Reader reader(hello);
  reader.piece(2 + 32);  // version, random
  reader.sized(1);       // session
  reader.sized(2);       // cipher suites
  reader.sized(1);       // compression
  Reader extensions(reader.sized(2));
  while (extensions.ok() && !extensions.empty()) {
    const std::uint32_t type = extensions.number(2);
    const std::string_view body = extensions.sized(2);
    if (extensions.ok() && type == kServerName) {
      return nameIn(body);
    }
  }
  return {};
}

}  // namespace

Sniffed sniff(std::string_view bytes) {
  if (bytes.empty()) {
    return Sniffed::kMore;
  }
  if (static_cast<std::uint8_t>(bytes.front()) == kHandshake) {
    return Sniffed::kTls;
  }
  const std::size_t space = bytes.find(' ');
  const std::string_view method = bytes.substr(0, space);
  if (!http1::isToken(method) || method.size() > kLongestMethod) {
    return Sniffed::kOther;
  }
  for (const char c : method) {
    if (c < 'A' || c > 'Z') {
      return Sniffed::kOther;  // tokens in general, but methods in use are capital letters
    }
  }
  return space == std::string_view::npos ? Sniffed::kMore : Sniffed::kHttp;
}

std::optional<std::string> serverNameOf(std::string_view bytes) {
  Reader record(bytes);
  const std::uint32_t type = record.number(1);
  record.number(2);
  const std::uint32_t size = record.number(2);
  if (bytes.empty() || (record.ok() && type != kHandshake)) {
    return bytes.empty() ? std::nullopt : std::optional(std::string());
  }
  const std::string_view body = record.piece(size);
  if (!record.ok()) {
    return static_cast<std::uint8_t>(bytes.front()) == kHandshake ? std::nullopt
                                                                  : std::optional(std::string());
  }
  Reader handshake(body);
  if (handshake.number(1) != kClientHello) {
    return std::string();
  }
  const std::string_view hello = handshake.sized(3);
  return handshake.ok() ? nameInHello(hello) : std::string();
}

}  // namespace hitless::proxy

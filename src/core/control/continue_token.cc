#include "core/control/continue_token.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/kube/base64.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

constexpr std::string_view kVersion = "meta.k8s.io/v1";
/// The first key after one is that key with a zero byte behind it.
constexpr char kAfter = '\0';

tl::unexpected<ApiError> bad(std::string_view why) {
  return refuse(badRequest(fmt::format("invalid continue token: {}", why)));
}

/// RFC 4648 section 5 without padding, as it can stand in a URL.
std::string urlEncode(std::string_view bytes) {
  std::string out = kube::base64Encode(bytes);
  std::erase(out, '=');
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<std::string> urlDecode(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos || text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return kube::base64Decode(padded);
}

/// What Go's encoding/json says of bytes that are no JSON, at least of their beginning.
std::string notJson(std::string_view bytes) {
  const auto first = bytes.empty() ? '\0' : bytes.front();
  if (bytes.empty() ||
      std::string_view("{[\"-0123456789tfn \t\r\n").find(first) != std::string_view::npos) {
    return "unexpected end of JSON input";
  }
  const auto code = static_cast<unsigned char>(first);
  // Go takes the byte for a code point and writes it as UTF-8.
  const std::string shown = code < 0x80 ? std::string(1, first)
                                        : std::string{static_cast<char>(0xc0 | code >> 6),
                                                      static_cast<char>(0x80 | (code & 0x3f))};
  return fmt::format("invalid character '{}' looking for beginning of value", shown);
}

}  // namespace

std::string ContinueToken::encode() const {
  const std::string start = fmt::format("{}/{}{}", ns, name, kAfter);
  return urlEncode(
      json::serialize(json::object{{"v", kVersion}, {"rv", revision}, {"start", start}}));
}

ApiResult<ContinueToken> ContinueToken::decode(std::string_view text) {
  const auto bytes = urlDecode(text);
  if (!bytes) {
    return bad("continue key is not valid: illegal base64 data");
  }
  const auto parsed = kube::parseJson(*bytes);
  const json::object* fields = parsed ? parsed->if_object() : nullptr;
  if (fields == nullptr) {
    return bad("continue key is not valid: " + notJson(*bytes));
  }
  if (const auto version = kube::text(*fields, {"v"}); version != kVersion) {
    return bad(fmt::format("server does not recognize this encoded version \"{}\"", version));
  }
  ContinueToken token;
  token.revision = kube::integer(*fields, {"rv"});
  if (token.revision == 0) {
    return bad(
        fmt::format("continue key is not valid: incorrect encoded start resourceVersion (version "
                    "{})",
                    kVersion));
  }
  std::string_view start = kube::text(*fields, {"start"});
  const auto slash = start.find('/');
  if (slash == std::string_view::npos) {
    return bad(
        fmt::format("continue key is not valid: encoded start key empty (version {})", kVersion));
  }
  token.ns = start.substr(0, slash);
  start.remove_prefix(slash + 1);
  token.name = start.substr(0, start.find(kAfter));
  return token;
}

}  // namespace hitless::control

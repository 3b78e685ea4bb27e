#include <algorithm>

#include "base/text.h"
#include "core/load/spec.h"

namespace hitless::load {
namespace {

struct Scheme {
  std::string_view prefix;
  Protocol protocol;
  std::uint16_t port;       ///< 0: the URL must say it.
  std::string_view target;  ///< Where the URL has no path.
};

constexpr Scheme kSchemes[] = {
    {"http://", Protocol::kHttp1, 80, "/"},
    {"h2c://", Protocol::kHttp2, 80, "/"},
    {"grpc://", Protocol::kGrpc, 0, "/hitless.Test/WhoAmI"},
};

bool isHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

/// Reads "host[:port]" or "[v6][:port]"; nullopt if it is neither.
std::optional<HostPort> parseHost(std::string_view text, std::uint16_t defaultPort) {
  HostPort out;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    const std::string_view inside = text.substr(1, std::min(end, text.size()) - 1);
    if (end == std::string_view::npos || !IpAddress::parse(inside)) {
      return std::nullopt;
    }
    out.host = inside;
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? "" : text.substr(colon);
    if (!std::all_of(out.host.begin(), out.host.end(), isHostCharacter)) {
      return std::nullopt;
    }
  }
  const auto number =
      port.empty() ? defaultPort : (port[0] == ':' ? parseUint(port.substr(1)) : std::nullopt);
  out.port = static_cast<std::uint16_t>(number.value_or(0));
  const bool good = !out.host.empty() && number && *number > 0 && *number <= 65535;
  return good ? std::optional(out) : std::nullopt;
}

/// One host; for gRPC also several with commas between them.
bool setHosts(LoadSpec& spec, std::string_view authority, const Scheme& scheme) {
  std::vector<HostPort> hosts;
  for (const std::string_view text : split(authority, ',')) {
    const auto host = parseHost(text, scheme.port);
    if (!host) {
      return false;
    }
    hosts.push_back(*host);
  }
  if (hosts.size() > 1 && scheme.protocol != Protocol::kGrpc) {
    return false;
  }
  spec.host = hosts[0].host;
  spec.port = hosts[0].port;
  spec.fallbacks.assign(hosts.begin() + 1, hosts.end());
  return true;
}

/// A gRPC client has no deadline of its own; a load needs one, and waits as long for an answer as
/// such a client does for a connection. Real clients ask the name server themselves.
void setDefaults(LoadSpec& spec, Protocol protocol) {
  spec.protocol = protocol;
  if (protocol == Protocol::kHttp1) {
    return;
  }
  spec.connections = 1;
  spec.resolution = Resolution::kDns;
  if (protocol == Protocol::kGrpc) {
    spec.method = "POST";
    spec.timeout = seconds{20};
  }
}

tl::unexpected<Error> bad(std::string_view url, std::string_view why, std::string_view example) {
  return tl::unexpected<Error>(Error{ErrorKind::kInvalid, std::string(why), std::string(url),
                                     "write it like " + std::string(example), 0});
}

}  // namespace

Status setUrl(LoadSpec& spec, std::string_view url) {
  static constexpr std::string_view kHttpExample = "http://web.default:80/";
  static constexpr std::string_view kGrpcExample = "grpc://web-0.web:8080,web-1.web:8080";
  if (url.starts_with("https://")) {
    return bad(url, "the load generator does not speak https", kHttpExample);
  }
  const auto* const scheme =
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [url](const Scheme& row) { return url.starts_with(row.prefix); });
  if (scheme == std::end(kSchemes)) {
    return bad(url, "a load starts with a URL", kHttpExample);
  }
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
  std::string_view rest = url.substr(scheme->prefix.size());
  rest = rest.substr(0, rest.find('#'));
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  if (!printable || !setHosts(spec, rest.substr(0, slash), *scheme)) {
    return bad(url, "the URL has no valid host and port",
               scheme->protocol == Protocol::kGrpc ? kGrpcExample : kHttpExample);
  }
  spec.url = url;
  spec.target = slash == rest.size() ? scheme->target : rest.substr(slash);
  if (spec.target.front() == '?') {
    spec.target.insert(0, "/");
  }
  setDefaults(spec, scheme->protocol);
  return {};
}

}  // namespace hitless::load

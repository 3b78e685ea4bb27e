#include "base/text.h"
#include "core/proxy/http1/characters.h"
#include "core/proxy/http1/hops.h"

namespace hitless::proxy::http1 {
namespace {

struct RequestLine {
  std::string_view method;
  std::string_view target;
  HttpVersion version = HttpVersion::k11;
};

Read<RequestLine> readRequestLine(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(kBadLine);
  }
  RequestLine request{line.substr(0, first), line.substr(first + 1, last - first - 1), {}};
  if (!isToken(request.method)) {
    return refuse(kBadLine);
  }
  if (!isTarget(request.target)) {
    return refuse(request.target.find_first_of(" \t") == std::string_view::npos ? kBadCharacters
                                                                                : kBadLine);
  }
  const auto version = readVersion(line.substr(last + 1));
  if (!version) {
    return refuse(version.error());
  }
  request.version = *version;
  return request;
}

/// The four forms of a request target (RFC 9112 3.2).
Read<void> setTarget(std::string_view target, RequestHead& head) {
  if (head.method == "CONNECT") {
    if (!isAuthority(target) || target.find(':') == std::string_view::npos) {
      return refuse(kBadLine);
    }
    head.authority = target;
    return {};
  }
  if (target.front() == '/' || (target == "*" && head.method == "OPTIONS")) {
    head.path = target;
    return {};
  }
  const std::size_t colon = target.find("://");
  const std::string scheme = toLower(target.substr(0, colon));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return refuse(kBadLine);
  }
  const std::string_view rest = target.substr(colon + 3);
  const std::size_t slash = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, slash);
  if (authority.empty() || !isAuthority(authority)) {
    return refuse(kBadHost);
  }
  head.authority = authority;  // wins over Host (RFC 9112 3.2.2)
  head.path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (head.path.front() == '?') {
    head.path.insert(0, "/");
  }
  return {};
}

Read<Framing> requestFraming(const Hops& hops, HttpVersion version) {
  if (hops.lengthTwice) {
    return refuse(kBadLength);
  }
  if (!hops.coded) {
    return hops.length && *hops.length > 0 ? Framing{Framing::Kind::kLength, *hops.length}
                                           : Framing{};
  }
  if (hops.length) {
    return refuse(kBadLength);
  }
  if (version == HttpVersion::k10) {
    return refuse(kBadCoding);
  }
  if (!sameText(hops.coding, "chunked")) {
    return refuse(listHas(hops.coding, "chunked") ? kBadCoding : kUnknownCoding);
  }
  return Framing{Framing::Kind::kChunked, 0};
}

/// What a proxy has to act on itself; the rest of a CONNECT or an upgrade is for others.
Read<void> setHops(const Hops& hops, Request& request) {
  RequestHead& head = request.head;
  if (hops.hosts > 1 || (hops.hosts == 0 && head.version == HttpVersion::k11) ||
      !isAuthority(hops.host)) {
    return refuse(kBadHost);
  }
  if (head.authority.empty()) {
    head.authority = hops.host;
  }
  if (hops.badExpectation) {
    return refuse(kBadExpectation);
  }
  head.expectsContinue = hops.expects && head.version == HttpVersion::k11;
  head.acceptsTrailers = hops.trailers;
  // The way to HTTP/2 by Upgrade is gone (RFC 9113 3.1); the request is served as it is.
  // Nor is one with a body taken (RFC 9110 7.8 allows that): its bytes must not be mistaken for the
  // new protocol's.
  if (hops.upgradeNamed && head.version == HttpVersion::k11 && isToken(hops.upgrade) &&
      !sameText(hops.upgrade, "h2c") && request.framing.kind == Framing::Kind::kNone) {
    head.upgrade = toLower(hops.upgrade);
  }
  request.keepAlive = !hops.close && (head.version == HttpVersion::k11 || hops.keepAlive) &&
                      head.method != "CONNECT";
  return {};
}

}  // namespace

Read<Request> readRequest(std::string_view bytes, const HeadLimits& limits,
                          std::string_view scheme) {
  if (bytes.size() > limits.bytes) {
    return refuse(kTooLarge);
  }
  const auto line = readRequestLine(takeLine(bytes));
  if (!line) {
    return refuse(line.error());
  }
  Request request;
  request.head.method = line->method;
  request.head.version = line->version;
  request.head.scheme = scheme;
  if (const auto target = setTarget(line->target, request.head); !target) {
    return refuse(target.error());
  }
  const auto hops = readFields(bytes, limits, request.head.fields);
  if (!hops) {
    return refuse(hops.error());
  }
  const auto framing = requestFraming(*hops, line->version);
  if (!framing) {
    return refuse(framing.error());
  }
  request.framing = *framing;
  request.head.contentLength = hops->length;
  if (const auto set = setHops(*hops, request); !set) {
    return refuse(set.error());
  }
  return request;
}

}  // namespace hitless::proxy::http1

#include "base/text.h"
#include "core/proxy/http1/characters.h"
#include "core/proxy/http1/hops.h"

namespace hitless::proxy::http1 {
namespace {

/// "HTTP/1.1 200 OK"; the reason may be empty and is forgotten.
Read<Response> readStatusLine(std::string_view line) {
  Response response;
  const auto version = readVersion(line.substr(0, 8));
  if (!version) {
    return refuse(kBadLine);
  }
  response.version = *version;
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ') ||
      !isValue(line.substr(12))) {
    return refuse(kBadLine);
  }
  const auto status = parseUint(line.substr(9, 3));
  if (!status || *status < 100) {
    return refuse(kBadLine);
  }
  response.head.status = static_cast<int>(*status);
  return response;
}

/// RFC 9112 6.3, from the client's side.
Read<Framing> responseFraming(const Hops& hops, int status, const Asked& asked) {
  if (hops.lengthTwice) {
    return refuse(kBadLength);
  }
  if (asked.upgrade && status == 101) {
    return Framing{Framing::Kind::kTunnel, 0};
  }
  if (asked.head || status < 200 || status == 204 || status == 304) {
    return Framing{};
  }
  if (hops.coded) {
    if (hops.length) {
      return refuse(kBadLength);
    }
    if (!sameText(hops.coding, "chunked")) {
      return refuse(kBadCoding);
    }
    return Framing{Framing::Kind::kChunked, 0};
  }
  if (hops.length) {
    return *hops.length > 0 ? Framing{Framing::Kind::kLength, *hops.length} : Framing{};
  }
  return Framing{Framing::Kind::kUntilEnd, 0};
}

}  // namespace

Read<Response> readResponse(std::string_view bytes, const HeadLimits& limits, const Asked& asked) {
  if (bytes.size() > limits.bytes) {
    return refuse(kTooLarge);
  }
  auto response = readStatusLine(takeLine(bytes));
  if (!response) {
    return response;
  }
  const auto hops = readFields(bytes, limits, response->head.fields);
  if (!hops) {
    return refuse(hops.error());
  }
  const auto framing = responseFraming(*hops, response->head.status, asked);
  if (!framing) {
    return refuse(framing.error());
  }
  response->framing = *framing;
  response->head.contentLength = hops->length;
  if (framing->kind == Framing::Kind::kTunnel) {
    response->head.upgrade = toLower(hops->upgrade);
  } else if (response->head.status == 101) {
    return refuse(kBadLine);  // nobody asked
  }
  response->keepAlive = !hops->close && framing->kind != Framing::Kind::kUntilEnd &&
                        framing->kind != Framing::Kind::kTunnel &&
                        (response->version == HttpVersion::k11 || hops->keepAlive);
  return response;
}

}  // namespace hitless::proxy::http1

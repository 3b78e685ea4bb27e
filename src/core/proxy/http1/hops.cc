#include "core/proxy/http1/hops.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/proxy/http1/characters.h"

namespace hitless::proxy::http1 {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

enum class Hop : std::uint8_t {
  kNone,
  kConnection,
  kContentLength,
  kTransferEncoding,
  kUpgrade,
  kTe,
  kHost,
  kExpect,
  kDropped,
};

/// The fields that mean something on this connection only, or decide on framing.
Hop hopOf(std::string_view name) {
  switch (name.size()) {
    case 2:
      return sameText(name, "te") ? Hop::kTe : Hop::kNone;
    case 4:
      return sameText(name, "host") ? Hop::kHost : Hop::kNone;
    case 6:
      return sameText(name, "expect") ? Hop::kExpect : Hop::kNone;
    case 7:
      return sameText(name, "upgrade") ? Hop::kUpgrade : Hop::kNone;
    case 10:
      return sameText(name, "connection")   ? Hop::kConnection
             : sameText(name, "keep-alive") ? Hop::kDropped
                                            : Hop::kNone;
    case 14:
      return sameText(name, "content-length")   ? Hop::kContentLength
             : sameText(name, "http2-settings") ? Hop::kDropped
                                                : Hop::kNone;
    case 16:
      return sameText(name, "proxy-connection") ? Hop::kDropped : Hop::kNone;
    case 17:
      return sameText(name, "transfer-encoding") ? Hop::kTransferEncoding : Hop::kNone;
    default:
      return Hop::kNone;
  }
}

void noteConnection(std::string_view value, Hops& hops) {
  for (const std::string_view part : split(value, ',')) {
    const std::string token = toLower(trimmed(part));
    if (token == "close") {
      hops.close = true;
    } else if (token == "keep-alive") {
      hops.keepAlive = true;
    } else if (token == "upgrade") {
      hops.upgradeNamed = true;
    } else if (!token.empty() && hopOf(token) == Hop::kNone) {
      hops.named.push_back(token);
    }
  }
}

void noteLength(std::string_view value, Hops& hops) {
  const auto length = parseUint(value);
  hops.lengthTwice = hops.lengthTwice || hops.length || !length;
  hops.length = length;
}

/// True if the field is to be handed on as well.
bool note(Hop hop, std::string_view value, Hops& hops) {
  switch (hop) {
    case Hop::kNone:
      return true;
    case Hop::kConnection:
      noteConnection(value, hops);
      return false;
    case Hop::kContentLength:
      noteLength(value, hops);
      return false;
    case Hop::kTransferEncoding:
      hops.coding.append(hops.coded ? "," : "").append(value);
      hops.coded = true;
      return false;
    case Hop::kUpgrade:
      hops.upgrade = value;
      return false;
    case Hop::kTe:
      hops.trailers = hops.trailers || listHas(value, "trailers");
      return false;
    case Hop::kHost:
      ++hops.hosts;
      hops.host = value;
      return false;
    case Hop::kExpect:
      hops.expects = sameText(value, "100-continue");
      hops.badExpectation = !hops.expects;
      return true;
    case Hop::kDropped:
      return false;
  }
  return false;
}

}  // namespace

bool sameText(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

std::string_view takeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find("\r\n");
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 2);
  return line;
}

Read<Hops> readFields(std::string_view bytes, const HeadLimits& limits, Fields& fields) {
  Hops hops;
  std::size_t count = 0;
  while (!bytes.empty()) {
    const std::string_view line = takeLine(bytes);
    if (line.empty()) {
      break;
    }
    if (++count > limits.fields) {
      return refuse(kTooLarge);
    }
    const std::size_t colon = line.find(':');
    // Neither white space before the colon nor a folded line: both make names that others read
    // differently (RFC 9112 5.1, 5.2).
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
      return refuse(kBadLine);
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!isValue(value)) {
      return refuse(kBadCharacters);
    }
    if (note(hopOf(name), value, hops)) {
      fields.add(name, value);
    }
  }
  for (const std::string& name : hops.named) {
    fields.erase(name);
  }
  return hops;
}

bool listHas(std::string_view list, std::string_view token) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view part = list.substr(0, comma);
    part = part.substr(0, part.find(';'));
    if (sameText(trimmed(part), token)) {
      return true;
    }
    if (comma == std::string_view::npos) {
      return false;
    }
    list.remove_prefix(comma + 1);
  }
}

Read<HttpVersion> readVersion(std::string_view text) {
  if (text == "HTTP/1.1") {
    return HttpVersion::k11;
  }
  if (text == "HTTP/1.0") {
    return HttpVersion::k10;
  }
  const bool shaped = text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.' &&
                      text[5] >= '0' && text[5] <= '9' && text[7] >= '0' && text[7] <= '9';
  return refuse(shaped ? kBadVersion : kBadLine);
}

Read<Fields> readTrailers(std::string_view bytes, const HeadLimits& limits) {
  if (bytes.size() > limits.bytes) {
    return refuse(kTooLarge);
  }
  Fields fields;
  const auto hops = readFields(bytes, limits, fields);
  if (!hops) {
    return refuse(hops.error());
  }
  constexpr std::array<std::string_view, 8> kNever = {
      "authorization", "cache-control", "content-encoding", "content-range",
      "content-type",  "max-forwards",  "set-cookie",       "trailer"};
  for (const std::string_view name : kNever) {
    fields.erase(name);
  }
  return fields;
}

}  // namespace hitless::proxy::http1

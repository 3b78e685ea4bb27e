#include "testapp/request.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace hitless::testapp {
namespace {

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// Takes a line up to CRLF (or a bare LF, RFC 9112 2.2) from the front; nullopt if it has no end
/// yet.
std::optional<std::string_view> takeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

bool parseRequestLine(std::string_view line, Request& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return false;
  }
  const std::string_view version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  request.method = line.substr(0, first);
  request.target = target;
  request.keepAlive = version == "HTTP/1.1";
  return isToken(request.method) && !target.empty() && target.front() == '/' &&
         target.find_first_of(" \t") == std::string_view::npos &&
         (version == "HTTP/1.1" || version == "HTTP/1.0");
}

/// The status to refuse the request with, or 0.
int applyHeader(std::string_view line, Request& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
    return 400;
  }
  const std::string key = lower(line.substr(0, colon));
  const std::string value = lower(trimmed(line.substr(colon + 1)));
  if (key == "connection") {
    if (value.find("close") != std::string::npos) {
      request.keepAlive = false;
    } else if (value.find("keep-alive") != std::string::npos) {
      request.keepAlive = true;
    }
  } else if (key == "content-length") {
    const auto length = number(value);
    request.bodyLength = length.value_or(0);
    return length ? 0 : 400;
  } else if (key == "transfer-encoding") {
    return 501;
  }
  return 0;
}

Head bad(int status) {
  Head head;
  head.state = HeadState::kBad;
  head.status = status;
  return head;
}

}  // namespace

Head parseHead(std::string_view bytes) {
  const std::string_view all = bytes;
  Head head;
  auto line = takeLine(bytes);
  while (line && line->empty() && all.size() - bytes.size() <= 4) {
    line = takeLine(bytes);  // RFC 9112 2.2: an empty line before the request line is ignored
  }
  if (line && !parseRequestLine(*line, head.request)) {
    return bad(400);
  }
  while (line && (line = takeLine(bytes)) && !line->empty()) {
    if (const int status = applyHeader(*line, head.request); status != 0) {
      return bad(status);
    }
  }
  if (!line) {
    return all.size() >= kMaxHead ? bad(431) : head;
  }
  head.state = HeadState::kComplete;
  head.size = all.size() - bytes.size();
  return head;
}

Route route(std::string_view target) {
  target = target.substr(0, target.find('?'));
  Route out;
  if (target == "/" || target == "/healthz") {
    out.action = Action::kName;
  } else if (target.starts_with("/delay/")) {
    const std::string_view text = target.substr(7);
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out.seconds);
    const bool good = !text.empty() && error == std::errc{} && rest == text.data() + text.size() &&
                      out.seconds >= 0 && out.seconds <= 3600;
    out.action = good ? Action::kDelay : Action::kBadRequest;
  } else if (target.starts_with("/bytes/")) {
    const auto bytes = number(target.substr(7));
    out.bytes = bytes.value_or(0);
    out.action = bytes && *bytes <= (1ULL << 30) ? Action::kBytes : Action::kBadRequest;
  }
  return out;
}

}  // namespace hitless::testapp

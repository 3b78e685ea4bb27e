#include "core/proxy/http2/head_reader.h"

#include <algorithm>
#include <charconv>

#include "core/proxy/http2/header_block.h"

namespace hitless::proxy::http2 {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool sameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Without the scheme's default port, and without a colon that no port follows.
std::string_view withoutDefaultPort(std::string_view authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  for (const std::string_view end : {port, std::string_view(":")}) {
    if (authority.ends_with(end)) {
      return authority.substr(0, authority.size() - end.size());
    }
  }
  return authority;
}

std::string_view trimmed(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) {
    value.remove_prefix(1);
  }
  while (!value.empty() && blank(value.back())) {
    value.remove_suffix(1);
  }
  return value;
}

}  // namespace

bool sameAuthority(std::string_view a, std::string_view b, std::string_view scheme) {
  return sameText(withoutDefaultPort(a, scheme), withoutDefaultPort(b, scheme));
}

void HeadReader::begin(Kind kind, std::size_t limit) {
  kind_ = kind;
  limit_ = limit;
  bytes_ = 0;
  size_ = Size::kFits;
  request_ = RequestHead();
  request_.version = HttpVersion::k2;
  status_ = 0;
  protocol_.clear();
  host_.clear();
  cookie_.clear();
  hasHost_ = hasAuthority_ = hasCookie_ = false;
}

HeadReader::Size HeadReader::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + 32;
  if (bytes_ > limit_) {
    size_ = bytes_ > 4 * limit_ ? Size::kFarTooLarge : Size::kTooLarge;
    return size_;
  }
  const bool pseudo = !name.empty() && name[0] == ':';
  if (pseudo ? addPseudo(name, value) : addKnown(name, value)) {
    return size_;
  }
  request_.fields.add(name, trimmed(value));
  return size_;
}

/// Pseudo-header fields are never among the fields.
bool HeadReader::addPseudo(std::string_view name, std::string_view value) {
  if (name == ":method") {
    request_.method = value;
  } else if (name == ":path") {
    request_.path = value;
  } else if (name == ":scheme") {
    request_.scheme = value;
  } else if (name == ":authority") {
    request_.authority = value;
    hasAuthority_ = true;
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), status_);
  } else if (name == ":protocol") {
    protocol_ = value;
  }
  return true;
}

/// True: it is not to be among the fields.
bool HeadReader::addKnown(std::string_view name, std::string_view value) {
  if (kind_ == Kind::kTrailers) {
    return ofConnection(name);
  }
  if (name == "content-length") {
    std::uint64_t length = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc()) {
      request_.contentLength = length;
    }
    return true;
  }
  if (kind_ == Kind::kResponse) {
    return ofConnection(name);
  }
  if (name == "host") {
    host_ = value;
    hasHost_ = true;
  } else if (name == "te") {
    request_.acceptsTrailers = true;  // nghttp2 lets no other value pass.
  } else if (name == "cookie") {
    cookie_.append(hasCookie_ ? "; " : "").append(value);  // RFC 9113 8.2.3
    hasCookie_ = true;
    return true;
  } else if (name == "expect") {
    request_.expectsContinue = sameText(trimmed(value), "100-continue");
  }
  return ofConnection(name);
}

void HeadReader::finishCookie(Fields& fields) {
  if (hasCookie_) {
    fields.add("cookie", cookie_);
  }
}

std::optional<RequestHead> HeadReader::request() {
  if (hasAuthority_ && hasHost_ && !sameAuthority(request_.authority, host_, request_.scheme)) {
    return std::nullopt;
  }
  if (!hasAuthority_) {
    request_.authority = std::move(host_);
  }
  if (!protocol_.empty()) {
    request_.method = "GET";
    request_.upgrade = std::move(protocol_);
  }
  finishCookie(request_.fields);
  return std::move(request_);
}

ResponseHead HeadReader::response() {
  ResponseHead head;
  head.status = status_;
  head.contentLength = request_.contentLength;
  head.fields = std::move(request_.fields);
  return head;
}

Fields HeadReader::trailers() {
  return std::move(request_.fields);
}

}  // namespace hitless::proxy::http2

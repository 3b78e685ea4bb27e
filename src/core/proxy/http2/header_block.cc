#include "core/proxy/http2/header_block.h"

#include <charconv>

namespace hitless::proxy::http2 {
namespace {

nghttp2_nv entry(std::string_view name, std::string_view value, std::uint8_t flags) {
  // nghttp2 does not write to what it copies.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), flags};
}

}  // namespace

bool ofConnection(std::string_view name) {
  switch (name.size()) {
    case 2:
      return name == "te";
    case 4:
      return name == "host";
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

void HeaderBlock::addFixed(std::string_view name, std::string_view value) {
  entries_.push_back(
      entry(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE));
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  entries_.push_back(entry(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME));
}

void HeaderBlock::addLength(std::uint64_t length) {
  const auto end = std::to_chars(length_.data(), length_.data() + length_.size(), length).ptr;
  add("content-length", {length_.data(), static_cast<std::size_t>(end - length_.data())});
}

void HeaderBlock::addFields(const Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (const Field field = fields[i]; !ofConnection(field.name)) {
      entries_.push_back(entry(field.name, field.value, NGHTTP2_NV_FLAG_NONE));
    }
  }
}

void HeaderBlock::request(const RequestHead& head, bool extended) {
  entries_.clear();
  const bool tunnel = head.method == "CONNECT" && !extended;
  if (extended) {
    addFixed(":method", "CONNECT");
    add(":protocol", head.upgrade);
  } else {
    add(":method", head.method);
  }
  if (!tunnel) {  // RFC 9113 8.5
    add(":scheme", head.scheme.empty() ? std::string_view("http") : head.scheme);
    add(":path", head.path);
  }
  if (!head.authority.empty()) {
    add(":authority", head.authority);
  }
  addFields(head.fields);
  if (head.acceptsTrailers) {
    addFixed("te", "trailers");
  }
  if (head.contentLength && !tunnel && !extended) {
    addLength(*head.contentLength);
  }
}

void HeaderBlock::response(const ResponseHead& head, bool extended) {
  entries_.clear();
  const int status = extended && head.status == 101 ? 200 : head.status;
  const auto end = std::to_chars(status_.data(), status_.data() + status_.size(), status).ptr;
  add(":status", {status_.data(), static_cast<std::size_t>(end - status_.data())});
  addFields(head.fields);
  // RFC 9110 8.6: neither with 1xx nor with 204; data of a tunnel has no length.
  if (head.contentLength && head.status >= 200 && head.status != 204) {
    addLength(*head.contentLength);
  }
}

void HeaderBlock::trailers(const Fields& fields) {
  entries_.clear();
  addFields(fields);
}

}  // namespace hitless::proxy::http2

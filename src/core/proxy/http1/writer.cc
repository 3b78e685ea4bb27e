#include "core/proxy/http1/writer.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

namespace hitless::proxy::http1 {
namespace {

void writeFields(const Fields& fields, std::string& out) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
}

void writeLength(std::uint64_t length, std::string& out) {
  const fmt::format_int digits(length);
  out.append("content-length: ").append(digits.data(), digits.size()).append("\r\n");
}

/// Whether a request without a body says so: methods that usually have one (RFC 9110 8.6).
bool expectsBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

WrittenBody writeRequestFraming(const RequestHead& head, bool end, std::string& out) {
  if (!head.upgrade.empty()) {
    out.append("connection: upgrade\r\nupgrade: ").append(head.upgrade).append("\r\n");
  }
  if (end) {
    if (head.contentLength || expectsBody(head.method)) {
      writeLength(0, out);
    }
    return WrittenBody::kNone;
  }
  if (head.contentLength) {
    writeLength(*head.contentLength, out);
    return WrittenBody::kLength;
  }
  if (!head.upgrade.empty()) {
    return WrittenBody::kTunnel;
  }
  out.append("transfer-encoding: chunked\r\n");
  return WrittenBody::kChunked;
}

void writeStatusLine(int status, std::string& out) {
  const std::string_view reason = reasonPhrase(status);
  const fmt::format_int code(status);
  out.append("HTTP/1.1 ")
      .append(code.data(), code.size())
      .append(" ")
      .append(reason)
      .append("\r\n");
}

WrittenBody writeResponseFraming(const ResponseHead& head, bool end, const ResponseContext& context,
                                 std::string& out) {
  const bool noBody = head.status < 200 || head.status == 204;
  if (head.contentLength && !noBody) {
    writeLength(*head.contentLength, out);
    return end ? WrittenBody::kNone : WrittenBody::kLength;
  }
  if (end) {
    if (!noBody && head.status != 304 && !context.headRequest) {
      writeLength(0, out);
    }
    return WrittenBody::kNone;
  }
  if (noBody || head.status == 304) {  // RFC 9112 6.3, whatever is said to follow
    return WrittenBody::kNone;
  }
  if (context.client == HttpVersion::k10) {
    return WrittenBody::kUntilEnd;
  }
  out.append("transfer-encoding: chunked\r\n");
  return WrittenBody::kChunked;
}

}  // namespace

WrittenBody writeRequest(const RequestHead& head, bool end, std::string& out) {
  out.append(head.method).append(" ");
  out.append(head.path.empty() ? head.authority : head.path).append(" HTTP/1.1\r\n");
  out.append("host: ").append(head.authority).append("\r\n");
  writeFields(head.fields, out);
  if (head.acceptsTrailers) {
    out.append("te: trailers\r\n");
  }
  const WrittenBody body = writeRequestFraming(head, end, out);
  out.append("\r\n");
  return body;
}

WrittenBody writeResponse(const ResponseHead& head, bool end, const ResponseContext& context,
                          std::string& out) {
  writeStatusLine(head.status, out);
  writeFields(head.fields, out);
  if (head.status == 101) {
    out.append("connection: upgrade\r\nupgrade: ").append(head.upgrade).append("\r\n\r\n");
    return WrittenBody::kTunnel;
  }
  const WrittenBody body = writeResponseFraming(head, end, context, out);
  if (head.status >= 200) {
    if (context.close || body == WrittenBody::kUntilEnd) {
      out.append("connection: close\r\n");
    } else if (context.client == HttpVersion::k10) {
      out.append("connection: keep-alive\r\n");
    }
  }
  out.append("\r\n");
  return body;
}

void writeChunk(std::string_view data, std::string& out) {
  if (data.empty()) {
    return;  // an empty chunk would be the last
  }
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", data.size());
  out.append(data).append("\r\n");
}

void writeLastChunk(const Fields& trailers, std::string& out) {
  out.append("0\r\n");
  writeFields(trailers, out);
  out.append("\r\n");
}

std::string_view reasonPhrase(int status) {
  // RFC 9110 15, RFC 6585.
  constexpr std::array<std::pair<int, std::string_view>, 49> kReasons{{
      {100, "Continue"},
      {101, "Switching Protocols"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {511, "Network Authentication Required"},
  }};
  for (const auto& [code, reason] : kReasons) {
    if (code == status) {
      return reason;
    }
  }
  return "";
}

}  // namespace hitless::proxy::http1

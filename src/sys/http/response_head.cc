#include "sys/http/response_head.h"

#include <fmt/format.h>

namespace hitless::sys {

std::string_view reasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

std::string encode(const ResponseHead& head) {
  std::string out = fmt::format("HTTP/1.{} {} {}\r\n", head.http10 ? 0 : 1, head.status,
                                reasonPhrase(head.status));
  if (!head.contentType.empty()) {
    out += fmt::format("Content-Type: {}\r\n", head.contentType);
  }
  out += head.fields;
  if (head.contentLength) {
    out += fmt::format("Content-Length: {}\r\n", *head.contentLength);
  } else if (!head.http10) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!head.keepAlive) {
    out += "Connection: close\r\n";
  } else if (head.http10) {
    out += "Connection: keep-alive\r\n";
  }
  return out + "\r\n";
}

std::string encodeChunk(std::string_view data) {
  return data.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

}  // namespace hitless::sys

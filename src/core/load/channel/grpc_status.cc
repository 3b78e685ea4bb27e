#include "core/load/channel/grpc_status.h"

#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>

namespace hitless::load {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

constexpr std::size_t kMessageLimit = 200;

}  // namespace

std::string grpcStatusName(int code) {
  return code >= 0 && static_cast<std::size_t>(code) < kNames.size()
             ? std::string(kNames[static_cast<std::size_t>(code)])
             : "code " + std::to_string(code);
}

int grpcStatusOfReset(std::uint32_t errorCode) {
  switch (errorCode) {
    case NGHTTP2_REFUSED_STREAM:
      return kGrpcUnavailable;
    case NGHTTP2_CANCEL:
      return 1;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return 8;
    case NGHTTP2_INADEQUATE_SECURITY:
      return 7;
    default:
      return kGrpcInternal;
  }
}

int grpcStatusOfHttp(int status) {
  switch (status) {
    case 400:
      return kGrpcInternal;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return kGrpcUnavailable;
    default:
      return kGrpcUnknown;
  }
}

std::string decodeGrpcMessage(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size() && out.size() < kMessageLimit; ++i) {
    char c = value[i];
    if (c == '%' && i + 2 < value.size()) {
      unsigned code = 0;
      const char* const end = value.data() + i + 3;
      if (std::from_chars(value.data() + i + 1, end, code, 16).ptr == end) {
        c = static_cast<char>(code);
        i += 2;
      }
    }
    out.push_back(c >= ' ' && c < 0x7f ? c : '?');
  }
  return out;
}

}  // namespace hitless::load

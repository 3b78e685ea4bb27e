#include "core/node/grpc_health.h"

#include <utility>

#include <fmt/format.h>

namespace hitless::node {
namespace {

// RFC 9113: 6 (frame types), 3.4 (preface).
enum Frame : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kContinuation = 9,
};
constexpr std::uint8_t kEndStream = 0x1;
constexpr std::uint8_t kAck = 0x1;
constexpr std::uint8_t kEndHeaders = 0x4;
constexpr std::uint8_t kPadded = 0x8;
constexpr std::size_t kHeaderSize = 9;
constexpr std::size_t kLargestFrame = 16384;
constexpr std::size_t kLargestBody = 4096;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A header field without indexing, name and value as plain text (RFC 7541 6.2.2). Shorter than 127
/// bytes each.
void field(std::string& out, std::string_view name, std::string_view value) {
  out.push_back('\0');
  for (const std::string_view text : {name, value.substr(0, 126)}) {
    out.push_back(static_cast<char>(text.size()));
    out += text;
  }
}

std::uint32_t number(std::string_view bytes) {
  std::uint32_t out = 0;
  for (const char byte : bytes) {
    out = out << 8 | static_cast<unsigned char>(byte);
  }
  return out;
}

std::string big(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
  return out;
}

/// HealthCheckRequest{service = 1}
std::string request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    const std::string_view name = service.substr(0, 127);
    message = "\x0a" + std::string(1, static_cast<char>(name.size())) + std::string(name);
  }
  return std::string(1, '\0') + big(static_cast<std::uint32_t>(message.size()), 4) + message;
}

}  // namespace

GrpcHealthCall::GrpcHealthCall(std::string_view authority, std::string_view service) {
  out_ = kPreface;
  out_ += big(0, 3) + std::string(1, kSettings) + std::string(1, '\0') + big(0, 4);
  std::string headers;
  field(headers, ":method", "POST");
  field(headers, ":scheme", "http");
  field(headers, ":path", "/grpc.health.v1.Health/Check");
  field(headers, ":authority", authority);
  field(headers, "te", "trailers");
  field(headers, "content-type", "application/grpc");
  field(headers, "user-agent", "kube-probe/1.33");
  frame(kHeaders, kEndHeaders, headers);
  frame(kData, kEndStream, request(service));
}

/// On stream 1, the only one.
void GrpcHealthCall::frame(std::uint8_t type, std::uint8_t flags, std::string_view payload) {
  out_ += big(static_cast<std::uint32_t>(payload.size()), 3);
  out_.push_back(static_cast<char>(type));
  out_.push_back(static_cast<char>(flags));
  out_ += big(1, 4);
  out_ += payload;
}

std::string GrpcHealthCall::take() {
  return std::exchange(out_, {});
}

GrpcHealthCall::State GrpcHealthCall::finish(State state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
  return state_;
}

/// HealthCheckResponse{status = 1}: SERVING is 1; a missing field is 0, UNKNOWN.
GrpcHealthCall::State GrpcHealthCall::message() {
  if (body_.size() < 5 || body_.size() < 5 + number(std::string_view(body_).substr(1, 4))) {
    return state_;
  }
  const std::string_view text = std::string_view(body_).substr(5);
  const int status = text.size() >= 2 && text[0] == '\x08' ? text[1] : 0;
  return status == 1 ? finish(State::kServing, "")
                     : finish(State::kNotServing,
                              fmt::format("service unhealthy (responded with status {})", status));
}

GrpcHealthCall::State GrpcHealthCall::endOfStream() {
  return finish(State::kFailed, "the server answered with an error: no health service there?");
}

GrpcHealthCall::State GrpcHealthCall::feed(std::string_view bytes) {
  in_ += bytes;
  while (state_ == State::kWaiting && in_.size() >= kHeaderSize) {
    const std::uint32_t length = number(std::string_view(in_).substr(0, 3));
    if (length > kLargestFrame) {
      return finish(State::kFailed, "the server does not speak HTTP/2");
    }
    if (in_.size() < kHeaderSize + length) {
      break;
    }
    const auto type = static_cast<std::uint8_t>(in_[3]);
    const auto flags = static_cast<std::uint8_t>(in_[4]);
    std::string payload = in_.substr(kHeaderSize, length);
    in_.erase(0, kHeaderSize + length);
    if (type == kSettings && (flags & kAck) == 0) {
      out_ += big(0, 3) + std::string(1, kSettings) + std::string(1, kAck) + big(0, 4);
    } else if (type == kPing && (flags & kAck) == 0) {
      out_ += big(length, 3) + std::string(1, kPing) + std::string(1, kAck) + big(0, 4) + payload;
    } else if (type == kResetStream || type == kGoAway) {
      return finish(State::kFailed, "the server closed the stream");
    } else if (type == kData) {
      const std::size_t padding = (flags & kPadded) != 0 && !payload.empty()
                                      ? 1 + static_cast<unsigned char>(payload[0])
                                      : 0;
      const bool padded = padding > 0 && padding <= payload.size();
      body_ += padded ? payload.substr(1, payload.size() - padding) : payload;
      if (body_.size() > kLargestBody) {
        return finish(State::kFailed, "the answer is no health message");
      }
      message();
    }
    const bool ends = (type == kData || type == kHeaders) && (flags & kEndStream) != 0;
    if (ends && state_ == State::kWaiting) {
      return endOfStream();
    }
  }
  return state_;
}

GrpcHealthCall::State GrpcHealthCall::closed() {
  return state_ == State::kWaiting ? finish(State::kFailed, "the server closed the connection")
                                   : state_;
}

}  // namespace hitless::node

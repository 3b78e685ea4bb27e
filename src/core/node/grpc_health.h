#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hitless::node {

/// The client's side of one call of grpc.health.v1.Health/Check: bytes out, bytes in. It speaks
/// just enough HTTP/2 (RFC 9113) for one request on one connection and reads no header block:
/// SERVING can only be told by a message, which comes in DATA.
class GrpcHealthCall {
 public:
  enum class State { kWaiting, kServing, kNotServing, kFailed };

  GrpcHealthCall(std::string_view authority, std::string_view service);

  /// What is to be sent now; each byte is given once.
  std::string take();
  /// Eats what has come.
  State feed(std::string_view bytes);
  /// The other side has closed the connection.
  State closed();
  State state() const { return state_; }
  /// Why the state is not kServing.
  const std::string& reason() const { return reason_; }

 private:
  void frame(std::uint8_t type, std::uint8_t flags, std::string_view payload);
  State finish(State state, std::string reason);
  State message();
  State endOfStream();

  std::string out_;
  std::string in_;
  std::string body_;  ///< Of the response: one length-prefixed message.
  std::string reason_ = "no answer";
  State state_ = State::kWaiting;
};

}  // namespace hitless::node

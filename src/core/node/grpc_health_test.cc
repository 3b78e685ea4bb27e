#include "core/node/grpc_health.h"

#include <gtest/gtest.h>

namespace hitless::node {
namespace {

using State = GrpcHealthCall::State;

std::string frame(char type, char flags, const std::string& payload) {
  return std::string{'\0', '\0', static_cast<char>(payload.size()), type, flags, 0, 0, 0, 1} +
         payload;
}

/// A length-prefixed HealthCheckResponse.
std::string answer(char status) {
  return {'\0', 0, 0, 0, 2, '\x08', status};
}

TEST(NodeGrpcHealth, SaysTheServiceAndUnderstandsServing) {
  GrpcHealthCall call("10.1.1.1:9000", "shop");
  const std::string request = call.take();
  EXPECT_TRUE(request.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_NE(request.find("/grpc.health.v1.Health/Check"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\x0a\x04shop"));
  EXPECT_EQ(call.feed(frame(4, 0, "")), State::kWaiting);
  EXPECT_EQ(call.take(), frame(4, 1, "").replace(8, 1, 1, '\0')) << "settings are acknowledged";
  EXPECT_EQ(call.feed(frame(1, 4, "h")), State::kWaiting);
  const std::string data = frame(0, 0, answer(1));
  EXPECT_EQ(call.feed(data.substr(0, 5)), State::kWaiting) << "frames come in pieces";
  EXPECT_EQ(call.feed(data.substr(5)), State::kServing);
}

TEST(NodeGrpcHealth, EverythingElseIsAFailureWithAReason) {
  GrpcHealthCall sick("a", "");
  EXPECT_EQ(sick.feed(frame(0, 0, answer(2))), State::kNotServing);
  EXPECT_EQ(sick.reason(), "service unhealthy (responded with status 2)");
  GrpcHealthCall missing("a", "");
  EXPECT_EQ(missing.feed(frame(1, 5, "trailers")), State::kFailed);
  GrpcHealthCall reset("a", "");
  EXPECT_EQ(reset.feed(frame(7, 0, "12345678")), State::kFailed);
  GrpcHealthCall plain("a", "");
  EXPECT_EQ(plain.feed("HTTP/1.1 400 Bad Request\r\n"), State::kFailed);
  GrpcHealthCall closed("a", "");
  EXPECT_EQ(closed.closed(), State::kFailed);
  GrpcHealthCall padded("a", "");
  EXPECT_EQ(padded.feed(frame(0, 8, "\xff")), State::kWaiting) << "padding longer than the frame";
}

}  // namespace
}  // namespace hitless::node

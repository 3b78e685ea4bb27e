#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// gRPC's status codes and where they come from (grpc/doc: statuscodes.md, PROTOCOL-HTTP2.md,
/// http-grpc-status-mapping.md).
namespace hitless::load {

inline constexpr int kGrpcOk = 0;
inline constexpr int kGrpcUnknown = 2;
inline constexpr int kGrpcDeadlineExceeded = 4;
inline constexpr int kGrpcInternal = 13;
inline constexpr int kGrpcUnavailable = 14;

/// "UNAVAILABLE"; "code 99" for one that has no name.
std::string grpcStatusName(int code);
/// What an RST_STREAM with this error code means for an RPC.
int grpcStatusOfReset(std::uint32_t errorCode);
/// What a response without a grpc-status means.
int grpcStatusOfHttp(int status);
/// Percent-decoded, as far as it is readable, and not longer than a line.
std::string decodeGrpcMessage(std::string_view value);

}  // namespace hitless::load

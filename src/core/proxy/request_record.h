#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "core/proxy/message.h"
#include "core/proxy/replay/reason.h"
#include "core/proxy/route_table.h"

/// What became of one request (or one connection of bytes): the source of access logs, metrics and
/// the ledger of a drain.
namespace hitless::proxy {

/// Envoy's response flags, as bits; short names in docs/proxy.md and flagNames().
enum class Flag : std::uint32_t {
  kUpstreamConnectionFailure = 1 << 0,        ///< UF
  kUpstreamConnectionTermination = 1 << 1,    ///< UC
  kNoHealthyUpstream = 1 << 2,                ///< UH
  kUpstreamRetryLimitExceeded = 1 << 3,       ///< URX
  kUpstreamRequestTimeout = 1 << 4,           ///< UT
  kUpstreamOverflow = 1 << 5,                 ///< UO
  kNoRouteFound = 1 << 6,                     ///< NR
  kNoClusterFound = 1 << 7,                   ///< NC
  kDownstreamConnectionTermination = 1 << 8,  ///< DC
  kDownstreamProtocolError = 1 << 9,          ///< DPE
  kUpstreamProtocolError = 1 << 10,           ///< UPE
  kUpstreamRemoteReset = 1 << 11,             ///< UR
  kStreamIdleTimeout = 1 << 12,               ///< SI
  kLocalReset = 1 << 13,                      ///< LR
  kDurationTimeout = 1 << 14,                 ///< DT
  kUpstreamMaxStreamDuration = 1 << 15,       ///< UMSDR
};

using Flags = std::uint32_t;
constexpr Flags operator|(Flags flags, Flag flag) {
  return flags | static_cast<std::uint32_t>(flag);
}
constexpr bool has(Flags flags, Flag flag) {
  return (flags & static_cast<std::uint32_t>(flag)) != 0;
}

struct RequestRecord {
  WallTime start{};
  nanoseconds duration{};
  std::string listener;  ///< Its name.
  std::string method;    ///< Empty: bytes, not HTTP.
  std::string path;
  std::string authority;
  std::string userAgent;
  std::string forwardedFor;
  std::string requestId;
  HttpVersion version = HttpVersion::k11;
  int status = 0;  ///< 0: none was sent.
  Flags flags = 0;
  /// Envoy's response code details: "via_upstream", "route_not_found", "no_healthy_upstream",
  /// "upstream_reset_before_response_started{connection_termination}" ...
  std::string details;
  std::string terminationDetails;
  std::string transportFailure;     ///< Of the upstream: "delayed connect error: 111".
  std::uint64_t bytesReceived = 0;  ///< Of the request's body.
  std::uint64_t bytesSent = 0;      ///< Of the response's body.
  /// From the first byte sent upstream to the response's head.
  std::optional<nanoseconds> upstreamTime;
  std::optional<Address> upstream;
  std::string upstreamPod;
  std::string cluster;
  std::optional<Address> upstreamLocal;
  Address downstreamLocal;
  Address downstreamRemote;
  std::string serverName;  ///< SNI.
  std::string route;
  std::uint32_t attempts = 0;
  std::vector<ReplayReason> replays;        ///< Why it was tried again, once per replay.
  std::optional<ReplayReason> notReplayed;  ///< Why its last try was not followed by another.
  bool grpc = false;
  std::optional<int> grpcStatus;
};

}  // namespace hitless::proxy

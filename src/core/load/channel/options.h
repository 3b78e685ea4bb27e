#pragma once

#include "core/load/spec.h"

namespace hitless::load {

/// How a channel behaves. The defaults are gRPC's: doc/connection-backoff.md, and for resolution
/// C-core's GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS.
struct ChannelOptions {
  Balancing balancing = Balancing::kPickFirst;
  bool onDemand = false;  ///< Instead: connects only for a request, without back-off.
  nanoseconds initialBackoff = seconds{1};
  double backoffMultiplier = 1.6;
  double backoffJitter = 0.2;
  nanoseconds maxBackoff = seconds{120};
  nanoseconds connectTimeout = seconds{20};  ///< Of one attempt; longer where the back-off is.
  nanoseconds resolutionInterval = seconds{30};
};

/// A plain HTTP/2 client has no back-off and asks for the name with each new connection.
inline ChannelOptions channelOptions(const LoadSpec& spec) {
  ChannelOptions options;
  options.balancing = spec.balancing;
  options.connectTimeout = spec.connectTimeout;
  if (spec.protocol != Protocol::kGrpc) {
    options.onDemand = true;
    options.initialBackoff = options.maxBackoff = nanoseconds{0};
    options.resolutionInterval = nanoseconds{0};
  }
  return options;
}

}  // namespace hitless::load

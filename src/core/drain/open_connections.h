#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/conntrack/flow.h"
#include "core/kube/objects.h"

/// Wait for quiet: SIGTERM is kept back until the connections that clients have made to the pod are
/// over.
namespace hitless::drain {

/// "true", or a duration that bounds the wait; the gate's share of the grace period bounds it too.
inline constexpr std::string_view kQuietAnnotation = "hitless.io/wait-for-quiet";

/// How long a pod wants SIGTERM kept back for its connections at most; nothing: not at all.
std::optional<nanoseconds> quietWish(const kube::Pod& pod);
/// False if the annotation's value means nothing.
bool quietWishIsKnown(std::string_view value);

/// The clients that are connected to a pod.
struct OpenConnections {
  std::map<std::string, std::size_t> clients;  ///< Address -> connections.

  std::size_t count() const;
  /// "3 connections are left: 2 from 10.244.1.7, 1 from 10.244.2.3"
  std::string text() const;
};

/// Of a connection table those TCP connections that were made to the pod and still can carry data.
/// UDP has no end that one could wait for, and is not counted.
OpenConnections openTo(const std::vector<conntrack::Flow>& flows, const IpAddress& pod);

}  // namespace hitless::drain

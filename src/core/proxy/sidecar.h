#pragma once

#include <cstdint>
#include <string_view>

/// What the proxy beside an application, the rules that lead connections to it, and whoever puts
/// both into a pod have agreed on. The port numbers and the user are Istio's, so that policies and
/// dashboards made for its sidecars fit.
namespace hitless::proxy::sidecar {

inline constexpr std::uint16_t kAdminPort = 15000;     ///< On the loopback address only.
inline constexpr std::uint16_t kOutboundPort = 15001;  ///< Takes what the pod sends.
inline constexpr std::uint16_t kInboundPort = 15006;   ///< Takes what is sent to the pod.
inline constexpr std::uint16_t kStatusPort = 15020;    ///< Readiness, for the kubelet.
/// Ports that are never led to the proxy, and that applications had better not use.
inline constexpr std::uint16_t kFirstReserved = 15000;
inline constexpr std::uint16_t kLastReserved = 15090;

inline constexpr std::string_view kReadyPath = "/healthz/ready";
/// With a port of the pod behind it: 200 if the application accepts connections there, else 503.
inline constexpr std::string_view kTcpProbePath = "/healthz/tcp/";

/// The proxy's user. What it sends is not led back to it.
inline constexpr std::uint32_t kUser = 1337;
/// The priority (SO_PRIORITY) of the proxy's sockets, which tells the same where every process has
/// user 0, as in a user namespace that knows one user only. No type of service stands for it, and
/// it needs no privilege (docs/decisions/0013-the-proxys-own-connections.md).
inline constexpr std::uint32_t kPriority = 5;

}  // namespace hitless::proxy::sidecar

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/kube/objects.h"

/// What probes and lifecycle hooks do (core/v1 ProbeHandler and LifecycleHandler).
namespace hitless::node {

struct ExecAction {
  std::vector<std::string> command;
  bool operator==(const ExecAction&) const = default;
};

struct HttpGetAction {
  std::string host;  ///< Empty: the pod's address.
  kube::IntOrString port = std::int64_t{0};
  std::string path = "/";
  std::string scheme = "HTTP";
  std::vector<std::pair<std::string, std::string>> headers;
  bool operator==(const HttpGetAction&) const = default;
};

struct TcpSocketAction {
  std::string host;  ///< Empty: the pod's address.
  kube::IntOrString port = std::int64_t{0};
  bool operator==(const TcpSocketAction&) const = default;
};

/// grpc.health.v1.Health/Check; probes only.
struct GrpcAction {
  std::uint16_t port = 0;
  std::string service;
  bool operator==(const GrpcAction&) const = default;
};

/// Hooks only (KEP-3960); zero is allowed.
struct SleepAction {
  std::int64_t seconds = 0;
  bool operator==(const SleepAction&) const = default;
};

using Handler = std::variant<ExecAction, HttpGetAction, TcpSocketAction, GrpcAction, SleepAction>;

enum class ProbeKind { kStartup, kReadiness, kLiveness };
enum class HookKind { kPostStart, kPreStop };

/// Times in seconds, as the manifest gives them.
struct ProbeSpec {
  Handler handler;
  std::int64_t initialDelay = 0;
  std::int64_t timeout = 1;
  std::int64_t period = 10;
  std::int64_t successThreshold = 1;
  std::int64_t failureThreshold = 3;
  std::optional<std::int64_t>
      terminationGracePeriod;  ///< Wins over the pod's when this probe kills.
  bool operator==(const ProbeSpec&) const = default;
};

/// "Readiness": how event messages name a probe.
std::string_view title(ProbeKind kind);
/// "PreStop": how event messages name a hook.
std::string_view title(HookKind kind);
/// "Exec lifecycle hook ([cat /x])": for messages.
std::string describe(const Handler& handler);

/// Nullopt if no action is given. Used for probes, postStart and preStop alike.
std::optional<Handler> handlerOf(const kube::json::object& object);
std::optional<ProbeSpec> probeOf(const kube::json::object* object);

}  // namespace hitless::node

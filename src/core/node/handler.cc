#include "core/node/handler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hitless::node {
namespace {

using kube::json::array;
using kube::json::object;

kube::IntOrString portOf(const object& action) {
  const kube::json::value* value = kube::find(action, "port");
  if (value != nullptr && value->is_string()) {
    return std::string(value->get_string());
  }
  return kube::integer(action, {"port"});
}

HttpGetAction httpGetOf(const object& action) {
  HttpGetAction out;
  out.host = kube::text(action, {"host"});
  out.port = portOf(action);
  out.path = kube::text(action, {"path"}, "/");
  if (out.path.empty() || out.path.front() != '/') {
    out.path.insert(out.path.begin(), '/');
  }
  out.scheme = kube::text(action, {"scheme"}, "HTTP");
  if (const array* headers = kube::findArray(action, {"httpHeaders"})) {
    for (const kube::json::value& header : *headers) {
      if (const object* pair = header.if_object()) {
        out.headers.emplace_back(kube::text(*pair, {"name"}), kube::text(*pair, {"value"}));
      }
    }
  }
  return out;
}

ExecAction execOf(const object& action) {
  ExecAction out;
  if (const array* command = kube::findArray(action, {"command"})) {
    for (const kube::json::value& word : *command) {
      if (const kube::json::string* string = word.if_string()) {
        out.command.emplace_back(*string);
      }
    }
  }
  return out;
}

std::string portText(const kube::IntOrString& port) {
  const auto* number = std::get_if<std::int64_t>(&port);
  return number != nullptr ? std::to_string(*number) : std::get<std::string>(port);
}

struct Describe {
  std::string operator()(const ExecAction& action) const {
    return fmt::format("Exec lifecycle hook ([{}])", fmt::join(action.command, " "));
  }
  std::string operator()(const HttpGetAction& action) const {
    return fmt::format("Http lifecycle hook ({} {}:{}{})", action.scheme, action.host,
                       portText(action.port), action.path);
  }
  std::string operator()(const TcpSocketAction& action) const {
    return fmt::format("Tcp lifecycle hook ({}:{})", action.host, portText(action.port));
  }
  std::string operator()(const GrpcAction& action) const {
    return fmt::format("Grpc check (port {})", action.port);
  }
  std::string operator()(const SleepAction& action) const {
    return fmt::format("Sleep lifecycle hook ({} s)", action.seconds);
  }
};

}  // namespace

std::string_view title(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kStartup:
      return "Startup";
    case ProbeKind::kReadiness:
      return "Readiness";
    case ProbeKind::kLiveness:
      return "Liveness";
  }
  return "Unknown";
}

std::string_view title(HookKind kind) {
  return kind == HookKind::kPostStart ? "PostStart" : "PreStop";
}

std::string describe(const Handler& handler) {
  return std::visit(Describe{}, handler);
}

std::optional<Handler> handlerOf(const object& holder) {
  if (const object* action = kube::findObject(holder, {"exec"})) {
    return execOf(*action);
  }
  if (const object* action = kube::findObject(holder, {"httpGet"})) {
    return httpGetOf(*action);
  }
  if (const object* action = kube::findObject(holder, {"tcpSocket"})) {
    return TcpSocketAction{std::string(kube::text(*action, {"host"})), portOf(*action)};
  }
  if (const object* action = kube::findObject(holder, {"grpc"})) {
    const std::int64_t port = kube::integer(*action, {"port"});
    const bool valid = port > 0 && port <= 65535;
    return GrpcAction{valid ? static_cast<std::uint16_t>(port) : std::uint16_t{0},
                      std::string(kube::text(*action, {"service"}))};
  }
  if (const object* action = kube::findObject(holder, {"sleep"})) {
    return SleepAction{std::max<std::int64_t>(0, kube::integer(*action, {"seconds"}))};
  }
  return std::nullopt;
}

std::optional<ProbeSpec> probeOf(const object* holder) {
  std::optional<Handler> handler = holder == nullptr ? std::nullopt : handlerOf(*holder);
  if (!handler) {
    return std::nullopt;
  }
  // The same defaults as the API server's, for objects that did not pass through it.
  const auto atLeast = [&](std::string_view key, std::int64_t least, std::int64_t fallback) {
    const std::int64_t value = kube::integer(*holder, {key});
    return value < least ? fallback : value;
  };
  ProbeSpec probe;
  probe.handler = std::move(*handler);
  probe.initialDelay = atLeast("initialDelaySeconds", 0, 0);
  probe.timeout = atLeast("timeoutSeconds", 1, 1);
  probe.period = atLeast("periodSeconds", 1, 10);
  probe.successThreshold = atLeast("successThreshold", 1, 1);
  probe.failureThreshold = atLeast("failureThreshold", 1, 3);
  probe.terminationGracePeriod = kube::optionalInteger(*holder, {"terminationGracePeriodSeconds"});
  return probe;
}

}  // namespace hitless::node

#include "core/proxy/inject/probes.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "core/proxy/sidecar.h"

namespace hitless::proxy::inject {
namespace {

namespace json = kube::json;

constexpr std::array<std::string_view, 3> kProbes = {"livenessProbe", "readinessProbe",
                                                     "startupProbe"};

template <class Body>
void forEachContainer(json::object& pod, Body body) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    if (kube::findArray(pod, {"spec", list}) == nullptr) {
      continue;
    }
    for (json::value& element : pod.at("spec").as_object().at(list).as_array()) {
      if (json::object* container = element.if_object()) {
        body(*container);
      }
    }
  }
}

/// The number of a port that the container names; nullopt if it has none of this name.
std::optional<std::int64_t> namedPort(const json::object& container, std::string_view name) {
  const json::array* ports = kube::findArray(container, {"ports"});
  for (const json::value& element : ports == nullptr ? json::array{} : *ports) {
    const json::object* port = element.if_object();
    if (port != nullptr && kube::text(*port, {"name"}) == name) {
      return kube::optionalInteger(*port, {"containerPort"});
    }
  }
  return std::nullopt;
}

std::optional<std::uint16_t> portOf(const json::object& container, const json::object& tcpSocket) {
  const std::string_view name = kube::text(tcpSocket, {"port"});
  const auto number =
      name.empty() ? kube::optionalInteger(tcpSocket, {"port"}) : namedPort(container, name);
  return number && *number > 0 && *number <= 0xffff
             ? std::optional(static_cast<std::uint16_t>(*number))
             : std::nullopt;
}

}  // namespace

void rewriteProbes(json::object& pod, const Wishes& wishes, Record& record) {
  forEachContainer(pod, [&](json::object& container) {
    for (const std::string_view name : kProbes) {
      const json::object* tcp = kube::findObject(container, {name, "tcpSocket"});
      const auto port = tcp == nullptr ? std::nullopt : portOf(container, *tcp);
      if (!port || !wishes.takes(*port) || !kube::text(*tcp, {"host"}).empty()) {
        continue;
      }
      json::object& probe = container.at(name).as_object();
      record.probes.push_back(
          {std::string(kube::text(container, {"name"})), std::string(name), probe.at("tcpSocket")});
      probe.erase("tcpSocket");
      probe["httpGet"] = {{"path", fmt::format("{}{}", sidecar::kTcpProbePath, *port)},
                          {"port", std::int64_t{sidecar::kStatusPort}},
                          {"scheme", "HTTP"}};
    }
  });
}

void restoreProbes(json::object& pod, const Record& record) {
  forEachContainer(pod, [&](json::object& container) {
    for (const Record::Probe& changed : record.probes) {
      if (kube::text(container, {"name"}) == changed.container &&
          kube::findObject(container, {changed.name, "httpGet"}) != nullptr) {
        json::object& probe = container.at(changed.name).as_object();
        probe.erase("httpGet");
        probe["tcpSocket"] = changed.original;
      }
    }
  });
}

}  // namespace hitless::proxy::inject

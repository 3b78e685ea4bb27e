#pragma once

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "core/policy/evaluate.h"
#include "testing/golden.h"

/// The cases and verdicts of cyclonus' simulator, the largest table of NetworkPolicy verdicts that
/// there is: sets of policies over nine pods in three namespaces, probed from each to each.
namespace hitless::testing {

struct CyclonusProbe {
  std::uint16_t port = 0;
  policy::Protocol protocol = policy::Protocol::kTcp;
};

struct CyclonusStep {
  std::string description;  ///< Of its case.
  std::vector<kube::ObjectPtr> policies;
  policy::State state;
  std::vector<CyclonusProbe> probes;
  /// "x/a>y/b:80/TCP IE": what is denied, and by which directions.
  std::set<std::string> blocked;
};

/// How many verdicts there are, and how many of them allow.
inline constexpr std::size_t kCyclonusVerdicts = 123'669;
inline constexpr std::size_t kCyclonusAllowed = 101'247;

/// As the recording has it, without the directions.
inline std::string cyclonusLine(const policy::Pod& from, const policy::Pod& to,
                                const CyclonusProbe& probe) {
  return fmt::format("{}>{}:{}/{}", from.text(), to.text(), probe.port,
                     service::name(probe.protocol));
}

namespace cyclonus {

namespace json = kube::json;

inline constexpr std::uint16_t kServed[] = {80, 81};
inline constexpr policy::Protocol kProtocols[] = {policy::Protocol::kTcp, policy::Protocol::kUdp,
                                                  policy::Protocol::kSctp};

/// Every pod serves these ports on every protocol, and names them so.
inline std::vector<policy::NamedPort> servedPorts() {
  std::vector<policy::NamedPort> out;
  for (const std::uint16_t port : kServed) {
    for (const policy::Protocol protocol : kProtocols) {
      out.push_back(
          {fmt::format("serve-{}-{}", port, toLower(service::name(protocol))), protocol, port});
    }
  }
  return out;
}

inline policy::Pod podOf(const json::object& object) {
  policy::Pod pod;
  pod.ns = kube::text(object, {"ns"});
  pod.name = kube::text(object, {"name"});
  pod.uid = pod.text();
  pod.labels = kube::labelsOf(kube::findObject(object, {"labels"}));
  pod.ips = {IpAddress::parse(kube::text(object, {"ip"})).value()};
  pod.ports = servedPorts();
  return pod;
}

/// In one step two pods were recorded with the same address, as no cluster has them: the later one
/// gets the next, which no policy is about.
inline void tellApart(std::vector<policy::Pod>& pods) {
  std::set<IpAddress> taken;
  for (policy::Pod& pod : pods) {
    while (!taken.insert(pod.ips.front()).second) {
      pod.ips.front() = IpAddress::v4(pod.ips.front().v4HostOrder() + 1);
    }
  }
}

inline std::vector<CyclonusProbe> probesOf(const json::object& step) {
  const json::object probe = kube::parseJson(kube::text(step, {"Probe"})).value().as_object();
  std::vector<CyclonusProbe> out;
  if (const json::object* one = kube::findObject(probe, {"PortProtocol"})) {
    const auto protocol = service::parseProtocol(kube::text(*one, {"Protocol"})).value();
    const json::value& port = one->at("Port");
    policy::Pod pod;
    pod.ports = servedPorts();
    out.push_back({port.is_string() ? pod.portNamed(port.get_string(), protocol).value()
                                    : static_cast<std::uint16_t>(port.as_int64()),
                   protocol});
    return out;
  }
  for (const std::uint16_t port : kServed) {
    for (const policy::Protocol protocol : kProtocols) {
      out.push_back({port, protocol});
    }
  }
  return out;
}

inline CyclonusStep stepOf(const json::object& step, std::string description) {
  CyclonusStep out;
  out.description = std::move(description);
  if (const json::array* policies = kube::findArray(step, {"Policies"})) {
    for (const json::value& policy : *policies) {
      out.policies.push_back(std::make_shared<const json::object>(policy.as_object()));
      out.state.policies.push_back(policy::policyOf(*out.policies.back()));
    }
  }
  for (const auto& ns : step.at("Namespaces").as_object()) {
    out.state.namespaces.emplace(ns.key(), kube::labelsOf(ns.value().if_object()));
  }
  for (const json::value& pod : step.at("Pods").as_array()) {
    out.state.pods.push_back(podOf(pod.as_object()));
  }
  tellApart(out.state.pods);
  out.probes = probesOf(step);
  if (const json::array* blocked = kube::findArray(step, {"Blocked"})) {
    for (const json::value& line : *blocked) {
      out.blocked.emplace(line.as_string());
    }
  }
  return out;
}

}  // namespace cyclonus

/// All steps in order; nullopt if the recording is not there.
inline std::optional<std::vector<CyclonusStep>> cyclonusSteps() {
  const auto text = golden("cyclonus-verdicts.json");
  if (!text) {
    return std::nullopt;
  }
  std::vector<CyclonusStep> out;
  const kube::json::array cases = kube::parseJson(*text).value().as_array();
  for (const kube::json::value& recorded : cases) {
    const std::string description(kube::text(recorded.as_object(), {"Description"}));
    for (const kube::json::value& step : recorded.at("Steps").as_array()) {
      out.push_back(cyclonus::stepOf(step.as_object(), description));
    }
  }
  return out;
}

}  // namespace hitless::testing

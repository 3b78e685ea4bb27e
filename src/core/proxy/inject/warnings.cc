#include "core/proxy/inject/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/proxy/inject/names.h"
#include "core/proxy/sidecar.h"

namespace hitless::proxy::inject {
namespace {

namespace json = kube::json;

constexpr std::array<std::int64_t, 4> kTaken = {sidecar::kAdminPort, sidecar::kOutboundPort,
                                                sidecar::kInboundPort, sidecar::kStatusPort};

void warnOfPort(std::string_view container, std::int64_t port, std::vector<std::string>& out) {
  if (std::find(kTaken.begin(), kTaken.end(), port) != kTaken.end()) {
    out.push_back(fmt::format(
        "container {} has port {}, where the proxy listens, too: one of them cannot start",
        container, port));
  } else if (port >= sidecar::kFirstReserved && port <= sidecar::kLastReserved) {
    out.push_back(
        fmt::format("container {} has port {}: connections to ports {} to {} pass the proxy by",
                    container, port, sidecar::kFirstReserved, sidecar::kLastReserved));
  }
}

void warnOfPorts(const json::object& pod, std::vector<std::string>& out) {
  const json::array* containers = kube::findArray(pod, {"spec", "containers"});
  for (const json::value& element : containers == nullptr ? json::array{} : *containers) {
    const json::object* container = element.if_object();
    const json::array* ports =
        container == nullptr ? nullptr : kube::findArray(*container, {"ports"});
    for (const json::value& port : ports == nullptr ? json::array{} : *ports) {
      if (const json::object* object = port.if_object()) {
        warnOfPort(kube::text(*container, {"name"}), kube::integer(*object, {"containerPort"}),
                   out);
      }
    }
  }
}

void warnOfGrace(const json::object& pod, const Wishes& wishes, std::vector<std::string>& out) {
  const std::int64_t grace = graceSeconds(pod);
  if (grace == 0) {
    out.push_back(
        "terminationGracePeriodSeconds is 0: the pod is killed at once, with every request in it");
  } else if (wishes.drain.duration >= seconds(grace)) {
    out.push_back(
        fmt::format("{} is {}, but the pod is killed {} s after its deletion: raise "
                    "terminationGracePeriodSeconds above that",
                    kDrain, text(wishes.drain), grace));
  }
}

void warnOfJobs(const json::object& pod, const Wishes& wishes, std::vector<std::string>& out) {
  const std::string_view policy = kube::text(pod, {"spec", "restartPolicy"}, "Always");
  if (wishes.form == Wishes::Form::kContainer && policy != "Always") {
    out.push_back(fmt::format(
        "{} is \"container\" in a pod that is to complete (restartPolicy {}), which an ordinary "
        "sidecar keeps from it: use \"native\"",
        kSidecar, policy));
  }
}

}  // namespace

std::int64_t graceSeconds(const json::object& pod) {
  constexpr std::int64_t kDefault = 30;
  return std::max<std::int64_t>(
      0, kube::optionalInteger(pod, {"spec", "terminationGracePeriodSeconds"}).value_or(kDefault));
}

void addWarnings(const json::object& pod, const Wishes& wishes,
                 std::vector<std::string>& warnings) {
  warnOfPorts(pod, warnings);
  warnOfGrace(pod, wishes, warnings);
  warnOfJobs(pod, wishes, warnings);
}

}  // namespace hitless::proxy::inject

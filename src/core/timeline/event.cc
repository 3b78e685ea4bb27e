#include "core/timeline/event.h"

#include <boost/json.hpp>

#include "core/kube/json.h"

namespace hitless::timeline {
namespace {

struct Name {
  What what;
  std::string_view name;
};

constexpr Name kNames[] = {
    {What::kPodDeleted, "pod.deleted"},
    {What::kEndpointsUpdated, "endpoints.updated"},
    {What::kRulesCommitted, "rules.committed"},
    {What::kHookStarted, "hook.started"},
    {What::kHookFinished, "hook.finished"},
    {What::kGateHeld, "gate.held"},
    {What::kGateConnected, "gate.connected"},
    {What::kGatePassed, "gate.passed"},
    {What::kSigterm, "container.sigterm"},
    {What::kSigkill, "container.sigkill"},
    {What::kContainerExited, "container.exited"},
    {What::kPodReady, "pod.ready"},
    {What::kPodGone, "pod.gone"},
    {What::kAgentStarted, "agent.started"},
    {What::kAgentStopped, "agent.stopped"},
    {What::kActionStarted, "action.started"},
    {What::kRolloutComplete, "rollout.complete"},
    {What::kPodCrashed, "pod.crashed"},
    {What::kNodeCut, "node.cut"},
    {What::kNodeMended, "node.mended"},
    {What::kNamesWithdrawn, "names.withdrawn"},
    {What::kAddressParked, "address.parked"},
    {What::kAddressForwarded, "address.forwarded"},
    {What::kAddressTombstoned, "address.tombstoned"},
    {What::kAddressReleased, "address.released"},
    {What::kSecondChanceBegun, "second-chance.begun"},
    {What::kSecondChanceEnded, "second-chance.ended"},
    {What::kFlowsReset, "flows.reset"},
    {What::kFlowsCleaned, "flows.cleaned"},
    {What::kSynReleased, "syn.released"},
};

}  // namespace

std::string_view name(What what) {
  for (const Name& row : kNames) {
    if (row.what == what) {
      return row.name;
    }
  }
  return "unknown";
}

std::optional<What> whatOf(std::string_view text) {
  for (const Name& row : kNames) {
    if (row.name == text) {
      return row.what;
    }
  }
  return std::nullopt;
}

std::string_view name(const Event& event) {
  return event.what == What::kUnknown ? std::string_view(event.unknown) : name(event.what);
}

std::string encode(const Event& event) {
  boost::json::object out{{"t", event.time.time_since_epoch().count()}, {"what", name(event)}};
  const auto put = [&out](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      out.emplace(key, value);
    }
  };
  put("node", event.node);
  put("pod", event.pod);
  put("container", event.container);
  put("ip", event.ip);
  put("detail", event.detail);
  if (event.revision != 0) {
    out.emplace("revision", event.revision);
  }
  return boost::json::serialize(out);
}

Result<Event> decode(std::string_view line) {
  const boost::json::value value = TRY(kube::parseJson(line));
  const boost::json::object* object = value.if_object();
  if (object == nullptr) {
    return invalid("a timeline line is not a JSON object");
  }
  const std::string_view kind = kube::text(*object, {"what"});
  if (kind.empty()) {
    return invalid("a timeline line has no \"what\"");
  }
  Event event;
  event.time = WallTime{nanoseconds{kube::integer(*object, {"t"})}};
  event.what = whatOf(kind).value_or(What::kUnknown);
  event.unknown = event.what == What::kUnknown ? kind : std::string_view{};
  event.node = kube::text(*object, {"node"});
  event.pod = kube::text(*object, {"pod"});
  event.container = kube::text(*object, {"container"});
  event.ip = kube::text(*object, {"ip"});
  event.detail = kube::text(*object, {"detail"});
  event.revision = static_cast<std::uint64_t>(kube::integer(*object, {"revision"}));
  return event;
}

}  // namespace hitless::timeline

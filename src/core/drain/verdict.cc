#include <fmt/format.h>

#include "base/text.h"
#include "core/drain/gate.h"

namespace hitless::drain {
namespace {

struct ReasonRow {
  GateReason reason;
  std::string_view name;
  bool timedOut;
};

constexpr ReasonRow kReasons[] = {
    {GateReason::kAcknowledged, "Acknowledged", false},
    {GateReason::kNoEndpoints, "NoEndpoints", false},
    {GateReason::kNotDeleted, "NotDeleted", false},
    {GateReason::kUnknownPod, "UnknownPod", false},
    {GateReason::kSlicesNotWritten, "SlicesNotWritten", true},
    {GateReason::kNodesMissing, "NodesMissing", true},
};

const ReasonRow& row(GateReason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::string waitedText(nanoseconds waited) {
  return waited < seconds(10)
             ? fmt::format("{} ms", waited / milliseconds(1))
             : fmt::format("{:.1f} s", static_cast<double>(waited / milliseconds(1)) / 1000);
}

std::string because(const GateVerdict& verdict) {
  const std::string nodes = join(verdict.missing, ", ");
  switch (verdict.reason) {
    case GateReason::kAcknowledged:
      return fmt::format("{0} of {0} nodes removed the endpoint (revision {1})", verdict.live,
                         verdict.revision);
    case GateReason::kNoEndpoints:
      return "no EndpointSlice holds the pod";
    case GateReason::kNotDeleted:
      return "the pod is not being deleted (a container restart)";
    case GateReason::kUnknownPod:
      return "no pod of this node carries this gate id";
    case GateReason::kSlicesNotWritten:
      return nodes.empty()
                 ? "time used up, no EndpointSlice tells of this ready pod yet"
                 : fmt::format("time used up, EndpointSlice {} still shows the pod as an endpoint",
                               nodes);
    case GateReason::kNodesMissing:
      return fmt::format(
          "time used up, {} of {} nodes removed the endpoint (revision {}), missing: {}",
          verdict.live - std::min(verdict.live, verdict.missing.size()), verdict.live,
          verdict.revision, nodes);
  }
  return {};
}

}  // namespace

std::string_view name(GateReason reason) {
  return row(reason).name;
}

std::string_view name(GateState state) {
  constexpr std::string_view kNames[] = {"LookingUp",     "AwaitingDeletion", "AwaitingSlices",
                                         "AwaitingNodes", "AwaitingAccept",   "Passed"};
  return kNames[static_cast<std::size_t>(state)];
}

bool GateVerdict::timedOut() const {
  return row(reason).timedOut;
}

std::string GateVerdict::text() const {
  return fmt::format("SIGTERM released after {}: {}", waitedText(waited), because(*this));
}

}  // namespace hitless::drain

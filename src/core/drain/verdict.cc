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
    {GateReason::kStillConnected, "StillConnected", true},
};

const ReasonRow& row(GateReason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::string secondsText(nanoseconds duration) {
  return fmt::format("{:.1f} s", static_cast<double>(duration / milliseconds(100)) / 10);
}

std::string waitedText(nanoseconds waited) {
  return waited < seconds(10) ? fmt::format("{} ms", waited / milliseconds(1))
                              : secondsText(waited);
}

/// " (29.9 s of 30 s grace left)", for a pod that ends.
std::string graceText(const GateVerdict& verdict) {
  return verdict.grace == nanoseconds{}
             ? std::string()
             : fmt::format(" ({} of {} s grace left)",
                           secondsText(std::max(nanoseconds{}, verdict.grace - verdict.waited)),
                           verdict.grace / seconds(1));
}

std::string nodesText(const GateVerdict& verdict, std::string_view missingWord) {
  std::string text = fmt::format("{} of {} nodes removed the endpoint (revision {})",
                                 verdict.live - std::min(verdict.live, verdict.missing.size()),
                                 verdict.live, verdict.revision);
  if (!verdict.missing.empty()) {
    text += fmt::format(", {}: {}", missingWord, join(verdict.missing, ", "));
  }
  return text;
}

/// What became of the pod's endpoints, when nothing more is waited for.
std::string removedText(const GateVerdict& verdict) {
  return verdict.revision == 0 ? "no EndpointSlice holds the pod" : nodesText(verdict, "missing");
}

/// What the EndpointSlices lack.
std::string sliceText(const GateVerdict& verdict) {
  return verdict.missing.empty()
             ? "no EndpointSlice tells of this ready pod yet"
             : fmt::format("EndpointSlice {} still shows the pod as an endpoint",
                           join(verdict.missing, ", "));
}

std::string because(const GateVerdict& verdict) {
  switch (verdict.reason) {
    case GateReason::kAcknowledged:
    case GateReason::kNoEndpoints:
      return removedText(verdict) +
             (verdict.quiet.value_or(nanoseconds{}) > nanoseconds{}
                  ? fmt::format(", the last connection ended {} later", waitedText(*verdict.quiet))
                  : "");
    case GateReason::kNotDeleted:
      return "the pod is not being deleted (a container restart)";
    case GateReason::kUnknownPod:
      return "no pod of this node has this gate id or address";
    case GateReason::kSlicesNotWritten:
      return "time used up, " + sliceText(verdict);
    case GateReason::kNodesMissing:
      return "time used up, " + nodesText(verdict, "missing");
    case GateReason::kStillConnected:
      return fmt::format("time used up, {}, {}", removedText(verdict), verdict.open.text());
  }
  return {};
}

/// The same while there is time.
std::string heldBecause(const GateVerdict& verdict) {
  switch (verdict.reason) {
    case GateReason::kSlicesNotWritten:
      return sliceText(verdict);
    case GateReason::kNodesMissing:
      return nodesText(verdict, "not yet");
    case GateReason::kStillConnected:
      return fmt::format("{}, {}", removedText(verdict), verdict.open.text());
    default:
      return std::string(name(verdict.reason));
  }
}

}  // namespace

std::string_view name(GateReason reason) {
  return row(reason).name;
}

std::string_view name(GateState state) {
  constexpr std::string_view kNames[] = {"LookingUp",     "AwaitingDeletion", "AwaitingSlices",
                                         "AwaitingNodes", "AwaitingAccept",   "AwaitingQuiet",
                                         "Passed"};
  return kNames[static_cast<std::size_t>(state)];
}

bool GateVerdict::timedOut() const {
  return row(reason).timedOut;
}

std::string GateVerdict::text() const {
  return fmt::format("SIGTERM released after {}{}: {}", waitedText(waited), graceText(*this),
                     because(*this));
}

std::string heldText(const GateVerdict& verdict, nanoseconds left) {
  return fmt::format("SIGTERM is held for {} more at most: {}", secondsText(left),
                     heldBecause(verdict));
}

}  // namespace hitless::drain

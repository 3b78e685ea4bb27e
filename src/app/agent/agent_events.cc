#include "app/agent/agent.h"

/// What the agent tells the timeline of its node.
namespace hitless::app {

timeline::Event Agent::eventNow(timeline::What what) const {
  timeline::Event event;
  event.time = parts_.clock.wall();
  event.what = what;
  event.node = options_.nodeName;
  return event;
}

void Agent::record(timeline::What what, std::string detail) {
  timeline::Event event = eventNow(what);
  event.detail = std::move(detail);
  parts_.timeline.record(event);
}

void Agent::startDeparted() {
  flows_.onCleaned = [this](std::size_t count) {
    record(timeline::What::kFlowsCleaned, std::to_string(count));
  };
  if (parts_.departedMonitor != nullptr) {
    parts_.departedMonitor->start(parts_.io,
                                  [this](const auto& change) { guard_.onChange(change); });
  }
  if (parts_.departed == nullptr) {
    return;
  }
  DepartedPlane& departed = *parts_.departed;
  departed.onHappening = [this](const auto& happening) { onDeparted(happening); };
  departed.onReleased = [this](std::size_t syns) {
    metrics_.synsReleased += syns;
    record(timeline::What::kSynReleased, std::to_string(syns));
  };
  departed.onReset = [this](std::size_t reset, std::size_t forgotten) {
    metrics_.flowsReset += reset;
    if (reset > 0) {
      record(timeline::What::kFlowsReset, std::to_string(reset));
    }
    if (forgotten > 0) {
      record(timeline::What::kFlowsCleaned, std::to_string(forgotten));
    }
  };
  gate_.onPassing = [this](const kube::Pod& pod) {
    parts_.departed->ending(pod.meta.uid, parts_.clock.mono());
  };
  departed.start();
}

namespace {

timeline::What whatOf(departed::Turn turn) {
  using departed::Turn;
  using timeline::What;
  switch (turn) {
    case Turn::kParked:
      return What::kAddressParked;
    case Turn::kForwarded:
      return What::kAddressForwarded;
    case Turn::kTombstone:
      return What::kAddressTombstoned;
    case Turn::kReleased:
      return What::kAddressReleased;
    case Turn::kSecondChanceBegun:
      return What::kSecondChanceBegun;
    case Turn::kSecondChanceEnded:
      return What::kSecondChanceEnded;
  }
  return What::kUnknown;
}

}  // namespace

void Agent::onDeparted(const departed::Happening& happening) {
  ++metrics_.addressTurns[std::string(departed::name(happening.turn))];
  timeline::Event event = eventNow(whatOf(happening.turn));
  event.pod = happening.pod;
  event.ip = happening.ip.text();
  event.revision = parts_.plane.snapshot().revision();
  event.detail = happening.detail;
  parts_.timeline.record(event);
}

}  // namespace hitless::app

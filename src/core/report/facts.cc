#include "core/report/facts.h"

#include <algorithm>

namespace hitless::report {
namespace {

using timeline::Event;
using timeline::What;

std::vector<NodeCut> cutsOf(std::vector<Event> events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  std::vector<NodeCut> cuts;
  for (const Event& event : events) {
    if (event.what == What::kNodeCut) {
      cuts.push_back({event.node, event.time, {}});
    }
    if (event.what != What::kNodeMended) {
      continue;
    }
    for (NodeCut& cut : cuts) {
      if (cut.node == event.node && !cut.to) {
        cut.to = event.time;
      }
    }
  }
  return cuts;
}

}  // namespace

Facts factsOf(const ProfileRun& run) {
  return {run.clientNode, podHistories(run.events, run.clientNode), cutsOf(run.events)};
}

}  // namespace hitless::report

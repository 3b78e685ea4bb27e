#include "core/kube/qos.h"

namespace hitless::kube {
namespace {

struct Tally {
  bool any = false;
  bool guaranteed = true;
};

void count(const json::object& container, Tally& tally) {
  const json::object* limits = findObject(container, {"resources", "limits"});
  const json::object* requests = findObject(container, {"resources", "requests"});
  for (const std::string_view resource : {"cpu", "memory"}) {
    const json::value* limit = limits == nullptr ? nullptr : find(*limits, resource);
    const json::value* request = requests == nullptr ? nullptr : find(*requests, resource);
    tally.any = tally.any || limit != nullptr || request != nullptr;
    tally.guaranteed =
        tally.guaranteed && limit != nullptr && (request == nullptr || *request == *limit);
  }
}

}  // namespace

std::string_view qosClass(const json::object& podSpec) {
  Tally tally;
  for (const std::string_view list : {"initContainers", "containers"}) {
    const json::array* containers = findArray(podSpec, {list});
    for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
      if (const json::object* container = (*containers)[i].if_object()) {
        count(*container, tally);
      }
    }
  }
  return !tally.any ? "BestEffort" : tally.guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace hitless::kube

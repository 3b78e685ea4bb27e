#include "app/cluster/deploy.h"

#include <fmt/format.h>

#include "core/kube/resource.h"
#include "core/kube/rollout.h"

namespace hitless::app {
namespace {

bool isNamespace(const Manifest& manifest) {
  return kube::text(manifest.object, {"kind"}) == "Namespace";
}

/// Why pods do not come up, as far as their container states say it.
std::string podTrouble(ApiSession& api, const std::string& ns) {
  const auto pods = api.get(sys::pathOf(kube::res::kPods, ns));
  const kube::json::array* items = pods ? kube::findArray(*pods, {"items"}) : nullptr;
  if (items == nullptr) {
    return {};
  }
  for (const auto& item : *items) {
    const kube::json::object* pod = item.if_object();
    const kube::json::array* states =
        pod == nullptr ? nullptr : kube::findArray(*pod, {"status", "containerStatuses"});
    if (states == nullptr) {
      continue;
    }
    for (const auto& state : *states) {
      const kube::json::object* object = state.if_object();
      if (object == nullptr || kube::findObject(*object, {"state", "waiting"}) == nullptr) {
        continue;
      }
      return fmt::format("; pod {}: {}: {}", kube::text(*pod, {"metadata", "name"}),
                         kube::text(*object, {"state", "waiting", "reason"}),
                         kube::text(*object, {"state", "waiting", "message"}));
    }
  }
  return {};
}

}  // namespace

Status applyAll(ApiSession& api, const std::vector<Manifest>& manifests) {
  for (const bool namespaces : {true, false}) {
    for (const Manifest& manifest : manifests) {
      if (isNamespace(manifest) == namespaces) {
        TRY_VOID(api.apply(manifest));
      }
    }
  }
  return {};
}

Status awaitReady(ApiSession& api, const std::vector<Manifest>& manifests, nanoseconds timeout) {
  for (const Manifest& manifest : manifests) {
    const kube::Resource* resource = kube::findKind(kube::text(manifest.object, {"apiVersion"}),
                                                    kube::text(manifest.object, {"kind"}));
    if (resource == nullptr || !kube::rollsOut(*resource)) {
      continue;
    }
    const std::string ns(kube::text(manifest.object, {"metadata", "namespace"}, "default"));
    const std::string name(kube::text(manifest.object, {"metadata", "name"}));
    TRY_VOID(api.waitFor(
        sys::pathOf(*resource, ns, name), timeout,
        [&](const kube::json::object& object) {
          return kube::rolloutStatus(*resource, object).complete;
        },
        [&](const kube::json::object& object) {
          return fmt::format("{} {}/{} is not ready after {} s: {}{}", resource->singular, ns, name,
                             std::chrono::duration_cast<seconds>(timeout).count(),
                             kube::rolloutStatus(*resource, object).message, podTrouble(api, ns));
        }));
  }
  return {};
}

}  // namespace hitless::app

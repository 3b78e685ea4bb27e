#include "app/agent/ungated_pods.h"

#include "core/drain/gate_hook.h"

namespace hitless::app {

void UngatedPods::apply(const watch::Update& pods) {
  for (const watch::Change& change : pods.changes) {
    const kube::Pod pod = kube::podOf(*change.object);
    if (change.type == watch::ChangeType::kDelete) {
      told_.erase(pod.meta.uid);
      continue;
    }
    const auto containers = pod.meta.annotations.find(drain::kUngatedAnnotation);
    if (containers != pod.meta.annotations.end() && told_.insert(pod.meta.uid).second) {
      events_.writeOnce(pod, "Warning", "GateNotInjected", drain::ungatedText(containers->second));
    }
  }
}

}  // namespace hitless::app

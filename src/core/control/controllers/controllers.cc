#include "core/control/controllers/controller.h"

#include <array>

#include "core/control/controllers/bindings.h"

namespace hitless::control {
namespace {

constexpr std::size_t kEndpointSliceRow = 0;

const auto& table() {
  // A function's static, because the rows are constants of other files.
  static const std::array<Controller, 16> kTable{
      bindings::kEndpointSlice,    bindings::kEndpoints,   bindings::kReplicaSet,
      bindings::kDeployment,       bindings::kStatefulSet, bindings::kScheduler,
      bindings::kGarbageCollector, bindings::kNamespace,   bindings::kNamespaceDefaults,
      bindings::kNodeLifecycle,    bindings::kPodGarbage,  bindings::kClusterDns,
      bindings::kDisruption,       bindings::kDaemonSet,   bindings::kJob,
      bindings::kJobOrphan};
  return kTable;
}

}  // namespace

std::span<const Controller> controllers() {
  return table();
}
std::size_t endpointSliceController() {
  return kEndpointSliceRow;
}

}  // namespace hitless::control

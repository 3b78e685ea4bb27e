#pragma once

#include "core/control/controllers/endpoint_targets.h"

namespace hitless::control {

inline constexpr std::string_view kManagedByLabel = "endpointslice.kubernetes.io/managed-by";
inline constexpr std::string_view kSliceManager = "endpointslice-controller.k8s.io";

/// Brings the slices of one Service in line with its pods; a slice that is right is not touched.
/// Slices of a Service that is gone are left to the garbage collector.
Actions reconcileSlices(const ServiceState& state);

}  // namespace hitless::control

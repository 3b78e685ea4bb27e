#pragma once

#include "core/control/controllers/endpoint_targets.h"

namespace hitless::control {

/// An Endpoints object holds no more; the rest is in the slices only.
inline constexpr std::size_t kMaxEndpointsAddresses = 1000;

/// Brings the (older) Endpoints object of a Service in line with its pods: ready addresses, and not
/// ready ones apart; terminating pods are in neither. One that we made goes with its Service.
Actions reconcileEndpoints(const ServiceState& state);

}  // namespace hitless::control

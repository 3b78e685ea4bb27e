#pragma once

#include <string>
#include <vector>

#include "core/control/controllers/endpoint_targets.h"

/// Which endpoint goes into which slice: arithmetic only.
namespace hitless::control {

inline constexpr std::size_t kMaxEndpointsPerSlice = 100;

/// Endpoints that share a set of ports: they can share slices.
struct PortGroup {
  std::vector<kube::EndpointPort> ports;
  std::vector<kube::Endpoint> endpoints;
};

/// What a slice should hold. Without `slice` it is a new one.
struct SliceContent {
  Ref<kube::EndpointSlice> slice;
  std::vector<kube::EndpointPort> ports;
  std::vector<kube::Endpoint> endpoints;

  bool changed() const;
};

struct SliceLayout {
  std::vector<SliceContent> contents;
  std::vector<Ref<kube::EndpointSlice>> surplus;  ///< To be deleted.
};

/// The endpoints of one address type that the Service should have, by port set.
std::vector<PortGroup> desiredGroups(const ServiceState& state, std::string_view addressType);

/// Lays the groups out over the existing slices so that few slices change: an endpoint stays where
/// it is, a new one goes first to a slice that changes anyway, then to one with room, then to a new
/// one; a slice that would be deleted is re-used instead of a new one. Without any endpoint one
/// empty slice remains.
SliceLayout layOut(std::vector<PortGroup> groups,
                   const std::vector<Ref<kube::EndpointSlice>>& existing);

}  // namespace hitless::control

#pragma once

#include "core/control/store.h"

/// What each kind does with an object on its way into the store beyond defaults and validation:
/// which parts a write may touch, and when metadata.generation counts.
namespace hitless::control {

bool hasSubresource(const kube::Resource& resource, std::string_view name);

/// Drops what clients may not set (status) and sets the initial status.
void prepareCreate(const kube::Resource& resource, kube::json::object& object);

/// Leaves in `next` only what a write through `subresource` ("", "status", "finalize") may change.
void prepareUpdate(const kube::Resource& resource, std::string_view subresource,
                   const kube::json::object& live, kube::json::object& next);

/// Sets metadata.generation: counts the changes of the desired state, for kinds that have it.
void setGeneration(const kube::Resource& resource, const kube::json::object& live,
                   kube::json::object& next);

/// metadata.finalizers is empty (and a Namespace's spec.finalizers).
bool finalized(const kube::Resource& resource, const kube::json::object& object);

/// The grace period of a deletion: what the caller asks, what the pod says, or 0 for everything
/// that goes at once (other kinds, pods that were never scheduled or have finished).
std::int64_t gracePeriodOf(const kube::Resource& resource, const kube::json::object& object,
                           std::optional<std::int64_t> asked);

}  // namespace hitless::control

#pragma once

#include <vector>

#include "core/kube/resource.h"
#include "core/watch/prune.h"

namespace hitless::app {

/// The bulky fields of a resource that no part of the agent reads. What they cost is memory while
/// the state of a large cluster arrives. Never metadata.annotations: it is there that a bookmark
/// says that it ends the initial events (KEP-3157).
std::vector<watch::FieldPath> unreadFields(const kube::Resource& resource);
/// Of pods, for NetworkPolicies: they ask for the containers' ports.
std::vector<watch::FieldPath> unreadByPolicies();

}  // namespace hitless::app

#pragma once

#include <vector>

#include "core/kube/resource.h"
#include "core/watch/prune.h"

namespace hitless::app {

/// The bulky fields of a resource that no part of the agent reads. What they cost is memory while
/// the state of a large cluster arrives.
std::vector<watch::FieldPath> unreadFields(const kube::Resource& resource);

}  // namespace hitless::app

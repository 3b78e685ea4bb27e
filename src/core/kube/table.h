#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// What a row carries of its object (query parameter includeObject).
enum class IncludeObject { kNone, kMetadata, kObject };

/// meta.k8s.io/v1 Table, what `kubectl get` prints. Columns of priority 1 are those of -o wide.
/// Later events of a watch may leave the column definitions out.
json::object tableOf(const Resource& resource, const std::vector<ObjectPtr>& objects,
                     std::uint64_t revision, WallTime now, bool withColumns, IncludeObject include);

}  // namespace hitless::kube

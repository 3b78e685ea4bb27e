#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/kube/json.h"

namespace hitless::watch {

/// Keys from an object's root down, such as {"status", "images"}.
using FieldPath = std::vector<std::string_view>;

/// Takes out of an object what no program here reads and what often is most of its bulk
/// (managedFields, the annotation of `kubectl apply`), and what the consumer says that it does not
/// read either.
void prune(kube::json::object& object, std::span<const FieldPath> unread);

}  // namespace hitless::watch

#pragma once

#include <string>
#include <vector>

#include "core/proxy/inject/wishes.h"

namespace hitless::proxy::inject {

/// The pod's grace period in seconds.
std::int64_t graceSeconds(const kube::json::object& pod);

/// What a pod that gets the proxy will not do as its author expects.
void addWarnings(const kube::json::object& pod, const Wishes& wishes,
                 std::vector<std::string>& warnings);

}  // namespace hitless::proxy::inject

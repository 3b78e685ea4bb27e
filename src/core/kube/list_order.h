#pragma once

#include <string>
#include <vector>

namespace hitless::kube {

/// Weaves two disjoint lists of keys into one: both keep their order, and an item of `kept` goes
/// before the first item of `wanted` that it preceded in `before`. Both merges that Kubernetes has
/// (strategic and server-side apply) put list items that the writer did not mention this way.
std::vector<std::string> weave(const std::vector<std::string>& kept,
                               const std::vector<std::string>& wanted,
                               const std::vector<std::string>& before);

}  // namespace hitless::kube

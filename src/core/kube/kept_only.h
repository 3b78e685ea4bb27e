#pragma once

#include <string_view>

#include "core/kube/resource.h"

namespace hitless::kube {

/// For a kind whose objects are checked and kept, so that manifests for other clusters can be tried
/// out, but have no effect here: what does not happen. Empty for all others.
std::string_view keptOnly(const Resource& resource);

}  // namespace hitless::kube

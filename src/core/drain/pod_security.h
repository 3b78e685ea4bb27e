#pragma once

#include <string>

#include "core/kube/json.h"

namespace hitless::drain {

/// True if Pod Security admission of Kubernetes 1.`minor` would refuse a pod of this namespace
/// because a hook names a host: the levels baseline and restricted do so from policy version 1.34
/// on (KEP-4940), whatever the host is. `minor` 0: there is no such admission.
bool forbidsHookHosts(const kube::json::object& ns, unsigned minor);

/// What that means for the gate, and what to do.
std::string hookHostsForbiddenText(const kube::json::object& ns);

}  // namespace hitless::drain

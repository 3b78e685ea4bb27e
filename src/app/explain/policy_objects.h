#pragma once

#include "app/explain/objects.h"
#include "core/policy/evaluate.h"

namespace hitless::app {

/// The Namespaces, Pods, Nodes and NetworkPolicies of the manifests given, else of the cluster's
/// API. Manifests are checked as the API server would; a later one replaces one of the same name.
Result<policy::State> readPolicyState(const ExplainOptions& options);

}  // namespace hitless::app

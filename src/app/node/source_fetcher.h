#pragma once

#include <functional>
#include <vector>

#include "app/node/context.h"
#include "core/node/sources.h"

namespace hitless::app {

/// Fetches ConfigMaps and Secrets of a namespace, all at once. One that does not exist is missing
/// from the result; the API server being away is an error. `done` is called once, never from inside
/// the call.
void fetchSources(NodeContext& context, const std::string& ns,
                  const std::vector<node::SourceRef>& wanted,
                  std::function<void(Result<node::Sources>)> done);

}  // namespace hitless::app

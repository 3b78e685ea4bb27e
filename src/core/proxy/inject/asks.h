#pragma once

#include <string>

#include "core/kube/json.h"
#include "core/proxy/inject/injection.h"

namespace hitless::proxy::inject {

/// Whether a pod is to get the proxy.
struct Answer {
  bool yes = false;
  std::string warning;  ///< Why not although it was asked for; or what was not understood.
};
Answer asksForProxy(const kube::json::object& pod, const Options& options);

}  // namespace hitless::proxy::inject

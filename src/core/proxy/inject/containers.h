#pragma once

#include <string>

#include "core/kube/json.h"
#include "core/proxy/inject/wishes.h"

/// The containers that a pod gets.
namespace hitless::proxy::inject {

struct ContainerOptions {
  std::string image;
  std::int64_t graceSeconds = 30;  ///< Of the pod.
};

/// `hitless proxy redirect`, as an init container.
kube::json::object redirectContainer(const Wishes& wishes, const ContainerOptions& options);

/// `hitless proxy sidecar`, as a native sidecar or as an ordinary container.
kube::json::object proxyContainer(const Wishes& wishes, const ContainerOptions& options);

}  // namespace hitless::proxy::inject

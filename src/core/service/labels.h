#pragma once

#include <string_view>

namespace hitless::service {

/// Gives a Service to the proxy of that name (KEP-2447).
inline constexpr std::string_view kProxyNameLabel = "service.kubernetes.io/service-proxy-name";
/// On slices of headless Services, which proxies pass over.
inline constexpr std::string_view kHeadlessLabel = "service.kubernetes.io/headless";

/// On a Service or pod, "false": new connections that another node sends to a pod that terminates
/// stay there. Any other value is as if not set.
inline constexpr std::string_view kSecondChanceAnnotation = "hitless.io/second-chance";

}  // namespace hitless::service

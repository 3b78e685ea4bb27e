#pragma once

#include <string_view>

/// What users write on pods and what we write there; docs/proxy-injection.md tells them.
namespace hitless::proxy::inject {

// Labels and annotations of users.
/// On a pod, as a label or an annotation, or on a namespace: "true" or "false".
inline constexpr std::string_view kInject = "hitless.io/inject";
/// Label of a namespace: "enabled" or "disabled".
inline constexpr std::string_view kNamespaceLabel = "hitless-injection";
/// "native" or "container".
inline constexpr std::string_view kSidecar = "hitless.io/sidecar";
/// "true": an ordinary sidecar is started before the other containers.
inline constexpr std::string_view kHoldApplication = "hitless.io/hold-application";
/// "requests", "zero-connections" or "fixed:5s".
inline constexpr std::string_view kDrain = "hitless.io/drain";
inline constexpr std::string_view kInboundPorts = "hitless.io/include-inbound-ports";
inline constexpr std::string_view kInboundExcluded = "hitless.io/exclude-inbound-ports";
inline constexpr std::string_view kOutboundPorts = "hitless.io/include-outbound-ports";
inline constexpr std::string_view kOutboundExcluded = "hitless.io/exclude-outbound-ports";
inline constexpr std::string_view kAccessLog = "hitless.io/access-log";
inline constexpr std::string_view kImage = "hitless.io/proxy-image";

/// Our annotation on a pod that has the proxy: what was there before (record.h).
inline constexpr std::string_view kRecord = "hitless.io/injected";

inline constexpr std::string_view kProxyContainer = "hitless-proxy";
inline constexpr std::string_view kRedirectContainer = "hitless-redirect";

}  // namespace hitless::proxy::inject

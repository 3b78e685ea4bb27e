#pragma once

#include "core/proxy/inject/record.h"
#include "core/proxy/inject/wishes.h"

namespace hitless::proxy::inject {

/// A probe that opens a TCP connection would only ask whether the proxy is there, which accepts for
/// everybody: it asks the proxy instead, which tries the application. Other probes are answered by
/// the application through the proxy, as a client is, and stay as they are.
void rewriteProbes(kube::json::object& pod, const Wishes& wishes, Record& record);
void restoreProbes(kube::json::object& pod, const Record& record);

}  // namespace hitless::proxy::inject

#pragma once

#include <string>

#include "base/error.h"
#include "core/proxy/routing/route_book.h"

namespace hitless::app {

/// Puts what a file of manifests holds (Gateways, HTTPRoutes, Services, EndpointSlices, Secrets
/// ...) into the book, in place of all that it held, so that a gateway runs without any cluster.
/// Errors name file, line and object; the book is as it was then.
Status loadRouteFile(const std::string& path, proxy::routing::RouteBook& book);

}  // namespace hitless::app

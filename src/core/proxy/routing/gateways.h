#pragma once

#include <vector>

#include "core/proxy/routing/compile.h"
#include "core/proxy/routing/section.h"

/// The steps of compile().
namespace hitless::proxy::routing {

/// A listener of a Gateway while routes attach to it.
struct ListenerState {
  const Gateway* gateway = nullptr;
  const GatewayListener* spec = nullptr;
  bool serves = false;  ///< It is valid: its section becomes part of a listener.
  Section section;
  ListenerStatus status;
};

/// The listeners of all Gateways whose class is this controller's, the oldest Gateway first; their
/// conditions are in their status. GatewayClasses get theirs in `statuses`.
std::vector<ListenerState> listenersOf(const Objects& objects, const CompileOptions& options,
                                       const References& references, StatusMap& statuses);
/// The Gateways' own conditions, from those of their listeners.
void concludeGateways(const Objects& objects, const std::vector<ListenerState>& listeners,
                      StatusMap& statuses);
/// Puts the rules of routes into the sections of the listeners that take them.
void attachRoutes(const Objects& objects, References& references,
                  std::vector<ListenerState>& listeners, StatusMap& statuses);
/// One section for HTTP and one for HTTPS, if they have anything.
std::vector<Section> ingressSections(const Objects& objects, const CompileOptions& options,
                                     References& references, Compiled& compiled);
/// The rule with its backends looked up; what does not exist answers 500. The first problem stays.
RouteRule resolved(const DraftRule& draft, const Referrer& from, bool grpc, References& references,
                   std::optional<Problem>& problem);

}  // namespace hitless::proxy::routing

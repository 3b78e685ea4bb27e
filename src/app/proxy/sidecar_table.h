#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/proxy/proxy_options.h"
#include "core/proxy/route_table.h"

namespace hitless::app {

/// The name of the listener of what the pod sends, as Istio has it.
inline constexpr const char* kOutboundListener = "virtualOutbound";

/// A port that is served for one of the application.
struct InboundPort {
  Door listen;
  proxy::Address to;
};
/// "8081=127.0.0.1:8080"
Result<InboundPort> parseInbound(const std::string& text);

struct SidecarTable {
  std::vector<InboundPort> inbound;
  std::uint16_t redirectPort = 0;  ///< 0: none.
  std::uint16_t outboundPort = 0;  ///< 0: none.
};

/// Everything goes where the client wanted to, or to the port that was named.
std::shared_ptr<const proxy::RouteTable> sidecarTable(const SidecarTable& ports);

}  // namespace hitless::app

#pragma once

#include <functional>
#include <memory>

#include "app/proxy/drainer.h"
#include "app/proxy/proxy_host.h"
#include "app/proxy/proxy_options.h"

namespace hitless::app {

/// What a proxy process consists of besides where its routes come from.
struct ProxyProcess {
  boost::asio::io_context& io;
  const Clock& clock;
  ProxyHost& host;
  /// Whether the routes are there.
  std::function<bool()> configured = [] { return true; };
};

/// Runs a proxy until it has been drained. `begin` starts what feeds its table, and returns what
/// keeps that alive.
Status runProxy(const ProxyOptions& options, bool edge,
                const std::function<Result<std::shared_ptr<void>>(ProxyProcess&)>& begin);

}  // namespace hitless::app

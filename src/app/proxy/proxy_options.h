#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "core/proxy/drain/mode.h"
#include "core/proxy/sidecar.h"

namespace hitless::app {

/// What sidecar and gateway have in common.
struct ProxyOptions {
  std::string drain;  ///< Empty: as the environment says.
  nanoseconds grace{};
  nanoseconds removalWait = seconds(5);
  bool native = false;
  bool gated = false;
  std::string admin;  ///< ADDRESS:PORT; empty: none.
  std::uint16_t statusPort = proxy::sidecar::kStatusPort;
  std::string accessLog = "text";
  unsigned workers = 1;
  std::string handover;  ///< Path of a unix socket; empty: none.
};

void declareProxy(CLI::App& parser, ProxyOptions& options);

/// The drain that flags and environment ask for; flags win.
Result<proxy::DrainSettings> drainSettingsOf(const ProxyOptions& options);

/// "127.0.0.1:15000", "[::1]:80", ":8080" and "8080" (all addresses).
struct Door {
  std::optional<IpAddress> ip;
  std::uint16_t port = 0;
};
Result<Door> parseDoor(const std::string& text);

}  // namespace hitless::app

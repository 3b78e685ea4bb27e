#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/proxy/admin/view.h"

/// The admin endpoint: Envoy's paths on Envoy's port, without a socket. It has no authentication:
/// it is for 127.0.0.1 only. What changes something is a POST, so that no link does it.
namespace hitless::proxy {

struct SetHealthy {
  bool healthy = false;
};
struct Quit {};
struct SetLogLevel {
  std::string level;  ///< One of kLogLevels.
};
inline constexpr std::string_view kLogLevels[] = {"trace",   "debug", "info",
                                                  "warning", "error", "off"};

/// What the caller is to do, best after it has sent the answer.
using AdminAction = std::variant<std::monostate, DrainOrder, SetHealthy, Quit, SetLogLevel>;

struct AdminAnswer {
  int status = 200;
  std::string contentType = "text/plain; charset=UTF-8";
  std::string body;
  std::string allow;  ///< With 405: the field of that name.
  AdminAction action;
};

/// `target`: path and query, any bytes.
AdminAnswer answerAdmin(std::string_view method, std::string_view target, const ProxyView& view);

/// An endpoint, for help and documentation.
struct AdminEndpoint {
  std::string_view method;  ///< "GET" (and HEAD) or "POST".
  std::string_view path;
  std::string_view parameters;
  std::string_view help;
};
std::vector<AdminEndpoint> adminEndpoints();

}  // namespace hitless::proxy

#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::sys {

struct HttpResponse {
  int status = 0;
  std::string body;
};

/// One plain HTTP/1.1 request on a connection of its own: probes, lifecycle hooks, the gate's
/// peers, the agent's door for pods.
struct PlainRequest {
  std::string method = "GET";
  std::string host;  ///< An IP address or "localhost".
  std::uint16_t port = 80;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  nanoseconds timeout = seconds{1};
  std::string unixSocket = {};  ///< The path of the server's socket, instead of host and port.
};

/// Calls `done` exactly once, never from inside the call. Time-out: kUnavailable.
void sendPlain(boost::asio::io_context& io, PlainRequest request,
               std::function<void(Result<HttpResponse>)> done);

}  // namespace hitless::sys

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
/// peers.
struct PlainRequest {
  std::string method = "GET";
  std::string host;  ///< An IP address or "localhost".
  std::uint16_t port = 80;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  nanoseconds timeout = seconds{1};
};

/// Calls `done` exactly once, never from inside the call. Time-out: kUnavailable.
void sendPlain(boost::asio::io_context& io, PlainRequest request,
               std::function<void(Result<HttpResponse>)> done);

}  // namespace hitless::sys

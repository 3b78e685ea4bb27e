#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::sys {

/// Asks grpc.health.v1.Health about a service (empty: the server as a whole), in plain text. `done`
/// is called once, never from inside the call; success means SERVING.
void checkGrpc(boost::asio::io_context& io, const std::string& address, std::uint16_t port,
               const std::string& service, nanoseconds timeout, std::function<void(Status)> done);

}  // namespace hitless::sys

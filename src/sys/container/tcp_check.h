#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::sys {

/// Opens a TCP connection and closes it again: a tcpSocket probe. `done` is called once, never from
/// inside the call.
void checkTcp(boost::asio::io_context& io, const std::string& address, std::uint16_t port,
              nanoseconds timeout, std::function<void(Status)> done);

}  // namespace hitless::sys

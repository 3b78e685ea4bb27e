#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "sys/http/channel.h"
#include "sys/http/client.h"

namespace hitless::sys {

/// One request and its answer on a channel.
struct ExchangeOptions {
  std::string host;
  std::uint16_t port = 0;  ///< 0: the host is the path of a unix socket.
  bool connected = false;  ///< The channel stands already.
  bool headRequest = false;
  nanoseconds timeout = seconds{1};
  std::size_t maxBody = 16 * 1024 * 1024;
};

struct ExchangeResult {
  Result<HttpResponse> response;
  bool answered = false;  ///< The server sent at least one byte of an answer.
  bool reusable = false;  ///< The channel may carry another request; else it is closed.
};

/// Sends `request` and calls `done` exactly once, never from inside the call.
void runExchange(boost::asio::io_context& io, std::shared_ptr<Channel> channel,
                 ExchangeOptions options, std::string request,
                 std::function<void(ExchangeResult)> done);

}  // namespace hitless::sys

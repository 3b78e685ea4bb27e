#pragma once

#include <memory>

#include "core/control/api.h"
#include "sys/api/watch_hub.h"
#include "sys/http/server.h"

namespace hitless::sys {

/// Carries HTTP requests to the API and streams what it answers.
class ApiService {
 public:
  ApiService(boost::asio::io_context& io, control::Api& api, control::LogSource& logs,
             WatchHubOptions options = {});
  /// An HttpHandler. Requests are handled on the io_context, one at a time.
  void handle(HttpRequest request, std::shared_ptr<HttpResponder> responder);
  const WatchHub& watches() const { return hub_; }

 private:
  boost::asio::io_context& io_;
  control::Api& api_;
  control::LogSource& logs_;
  WatchHub hub_;
};

}  // namespace hitless::sys

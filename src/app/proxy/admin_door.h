#pragma once

#include <functional>
#include <memory>

#include "app/agent/front.h"
#include "app/proxy/proxy_options.h"
#include "app/proxy/proxy_snapshot.h"
#include "core/proxy/admin/admin.h"

namespace hitless::app {

/// The admin interface and the status port: HTTP around answerAdmin().
class AdminDoor {
 public:
  struct Parts {
    boost::asio::io_context& io;
    ProxyHost& host;
    Drainer& drainer;
    /// What holds now, besides the workers.
    std::function<ProcessFacts()> facts;
  };
  /// `admin` without a port: no admin interface. The status port is for the kubelet, so it has
  /// nothing but /ready, /healthz/ready and /healthz/tcp/PORT.
  AdminDoor(Parts parts, const Door& admin, std::uint16_t statusPort);

  void open();

 private:
  using Responder = std::shared_ptr<sys::HttpResponder>;

  void answer(const sys::HttpRequest& request, const Responder& responder);
  void act(const proxy::AdminAction& action);

  Parts parts_;
  Door where_;
  Front admin_;
  Front status_;
  bool hasStatus_;
};

}  // namespace hitless::app

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "app/agent/event_writer.h"
#include "app/agent/front.h"
#include "app/agent/proxy_health.h"
#include "app/agent/service_plane.h"
#include "core/service/health_check.h"

namespace hitless::app {

/// Answers load balancers that ask which nodes have endpoints of a Service with
/// externalTrafficPolicy Local: one port of HTTP for each, on the addresses that serve node ports.
class ServiceHealth {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const ServicePlane& plane;
    const ProxyHealth& health;
    EventWriter& events;
    AgentMetrics& metrics;
    std::string node;
  };

  explicit ServiceHealth(Parts parts) : parts_(std::move(parts)) {}

  /// Where to listen from the next publish() on.
  void setAddresses(std::set<std::string> addresses) {
    addressesChanged_ = addressesChanged_ || addresses != addresses_;
    addresses_ = std::move(addresses);
  }
  /// After a commit that brought `applied` to the kernel: answers with what it does from now on.
  void publish(const service::Changes& applied);
  void close() { doors_.clear(); }

 private:
  void openDoors();
  std::unique_ptr<Front> makeDoor(const service::ServiceName& name, std::uint16_t port);
  void answer(const service::ServiceName& name, sys::HttpResponder& responder) const;
  void tellTrouble(const service::ServiceName& name, const Error& error);

  Parts parts_;
  service::HealthChecks checks_;
  std::set<std::string> addresses_;
  bool addressesChanged_ = false;
  std::map<service::ServiceName, std::unique_ptr<Front>> doors_;
};

}  // namespace hitless::app

#pragma once

#include <boost/asio/steady_timer.hpp>

#include "app/node/context.h"

namespace hitless::app {

/// Makes the node known to the API server and keeps saying that it lives: Node object once, its
/// status every 5 minutes, Lease every 10 s (kubelet's intervals).
class Registration {
 public:
  explicit Registration(NodeContext& context)
      : context_(context), nodeTimer_(context.io), leaseTimer_(context.io) {}
  void start();

 private:
  void registerNode();
  void updateNode();
  void createLease();
  void renewLease();
  void after(boost::asio::steady_timer& timer, nanoseconds delay, void (Registration::*next)());

  NodeContext& context_;
  WallTime readySince_{};
  boost::asio::steady_timer nodeTimer_;
  boost::asio::steady_timer leaseTimer_;
};

}  // namespace hitless::app

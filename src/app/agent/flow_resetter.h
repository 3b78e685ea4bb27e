#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "app/agent/flow_worker.h"
#include "app/agent/number_asker.h"
#include "base/clock.h"
#include "core/departed/pinned_flows.h"

namespace hitless::app {

/// Ends the connections of this node's clients to pods that are gone: asks each client where it is,
/// so that the rules, which refuse what it answers, reset it (number_asker.h). Without it
/// a client that waits for an answer would wait until TCP gives up, about 15 minutes.
class FlowResetter {
 public:
  struct Parts {
    boost::asio::io_context& io;
    FlowWorker& worker;
    departed::PacketSender* packets = nullptr;  ///< Without it connections are only forgotten.
    /// The addresses of this node and its pods.
    std::function<std::set<IpAddress>()> ours;
    /// Whether still nobody is at an address.
    std::function<bool(const IpAddress&)> isGone;
    /// How many were found at each look that found any.
    std::function<void(std::size_t reset, std::size_t forgotten)> found;
  };

  explicit FlowResetter(Parts parts)
      : parts_(std::move(parts)), timer_(parts_.io), asker_(parts_.io, parts_.packets) {}

  /// The rules refuse what is sent to these from now on.
  void reset(const std::set<IpAddress>& gone);
  void stop() {
    timer_.cancel();
    asker_.stop();
  }

 private:
  void look();
  void act(const Result<departed::PinnedFlows>& found, departed::Look look);
  void lookIn(nanoseconds delay);

  Parts parts_;
  boost::asio::steady_timer timer_;
  std::map<IpAddress, int> pending_;  ///< How many more looks there will be.
  NumberAsker asker_;
  bool armed_ = false;
};

}  // namespace hitless::app

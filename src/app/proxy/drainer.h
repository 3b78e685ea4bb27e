#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "app/proxy/proxy_host.h"
#include "core/proxy/drain/machine.h"

namespace hitless::app {

/// Carries a drain out: looks at the workers, asks the machine, does what it says.
class Drainer {
 public:
  /// `exit` is called once, when the process is to end.
  Drainer(boost::asio::io_context& io, const Clock& clock, ProxyHost& host,
          proxy::DrainSettings settings, std::function<void()> exit);

  /// SIGTERM. `removed`: it was held until nobody sends new connections here any more.
  void terminate(bool removed);
  /// Another process accepts on the listening sockets: finish what is here, and exit.
  void handedOver();
  void order(const proxy::DrainOrder& order);
  void quit();
  void setHealthy(bool healthy);

  bool ready() const { return !actions_.failReadiness; }
  const proxy::DrainMachine& machine() const { return machine_; }
  /// As seen last.
  const proxy::DrainObservation& seen() const { return seen_; }

 private:
  void look();
  void act();
  void schedule();
  void leave();

  boost::asio::io_context& io_;
  const Clock& clock_;
  ProxyHost& host_;
  proxy::DrainMachine machine_;
  std::function<void()> exit_;
  boost::asio::steady_timer timer_;
  proxy::DrainObservation seen_;
  proxy::DrainActions actions_;
  proxy::Notice noticed_ = proxy::Notice::kNone;
  bool removed_ = false;
  bool looking_ = false;
  bool left_ = false;
};

}  // namespace hitless::app

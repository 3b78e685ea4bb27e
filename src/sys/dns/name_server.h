#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "sys/dns/published.h"
#include "sys/dns/tcp_door.h"
#include "sys/dns/udp_door.h"
#include "sys/dns/upstream_io.h"

namespace hitless::sys {

struct NameServerOptions {
  std::uint16_t port = 53;
  dns::ResponderOptions responder;
  dns::ForwardOptions forward;
};

/// The numbers of one name server, for metrics.
struct NameServerStats {
  dns::Traffic traffic;
  ForwardingStats forwarding;
};

/// A name server in a thread of its own, so that nothing that the agent does keeps a query waiting.
/// All methods are for the thread that made it.
class NameServer {
 public:
  /// `published`, `clock` and what `log` uses must outlive it; `log` is called in its thread.
  NameServer(const Published& published, const Clock& clock, NameServerOptions options,
             dns::Responder::LogSink log = {});
  ~NameServer();

  /// Binds these addresses, and no others from then on. Those that cannot be bound are returned
  /// with the reason; the others are served.
  std::map<IpAddress, Error> listenOn(const std::vector<IpAddress>& addresses);
  void setUpstreams(std::vector<dns::UpstreamGroup> groups);
  /// Wakes those who wait for a name. To be called after each change of what is published.
  void zoneChanged();
  /// Called back in the server's thread.
  void stats(std::function<void(NameServerStats)> deliver);

 private:
  class Worker;

  void run();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  NameServerOptions options_;
  std::atomic<bool> parked_ = false;  ///< Somebody waits for a name.
  std::unique_ptr<Worker> worker_;
  std::set<IpAddress> bound_;
  std::thread thread_;
};

}  // namespace hitless::sys

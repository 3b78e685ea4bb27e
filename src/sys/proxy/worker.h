#pragma once

#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/proxy/drain/machine.h"
#include "core/proxy/routing/routes.h"
#include "sys/proxy/acceptor.h"
#include "sys/proxy/server_connection.h"
#include "sys/proxy/sniffer.h"
#include "sys/proxy/tcp_tunnel.h"
#include "sys/proxy/upstreams.h"

namespace hitless::sys {

struct WorkerOptions {
  ServerLimits server;
  UpstreamLimits upstream;
  bool edge = false;
  /// How long a client of a kDetect listener may be silent before it is taken for one that waits
  /// for the server to speak.
  nanoseconds detection = seconds(1);
};

/// One thread of the proxy: its loop, its listening sockets, its connections of both sides. Shares
/// nothing with other workers. All but the constructor is for the loop's own thread.
class Worker final : private ServerContext, private TunnelContext {
 public:
  Worker(std::unique_ptr<EventLoop> loop, Rng& rng, WorkerOptions options, WorkerEvents& events);
  ~Worker() override;

  EventLoop& eventLoop() { return *loop_; }

  /// Listens on a socket for the table's listener of this name.
  Status listen(const std::string& listener, Fd fd);
  /// What requests are routed by from now on. Listeners that it lacks are closed, when their queues
  /// are empty. An error leaves the table before in place.
  Status setTable(std::shared_ptr<const proxy::RouteTable> table);

  /// What drains look at and do.
  struct Activity {
    std::size_t requests = 0;     ///< Of clients, tunnels included.
    std::size_t connections = 0;  ///< Of clients.
    std::size_t noticed = 0;
    std::size_t lively = 0;  ///< ServerConnection::lively()
    std::uint64_t unacknowledged = 0;
    bool acceptQueueEmpty = true;
  };
  /// Of all listeners, or of those with this name.
  Activity activity();
  /// Who is told to go elsewhere, from now on.
  void setNotice(proxy::Notice notice);
  void closeIdle(nanoseconds quiet);
  void stopAccepting();
  /// Leaves what waits in the queues to the process that listens on the same sockets.
  void closeAcceptors() { acceptors_.clear(); }
  void cut();

  const UpstreamPools& upstreams() const { return pools_; }
  template <class Visit>
  void forEachConnection(Visit visit) const {
    for (const auto& [key, connection] : connections_) {
      visit(*connection);
    }
  }
  template <class Visit>
  void forEachTunnel(Visit visit) const {
    for (const auto& [key, tunnel] : tunnels_) {
      visit(*tunnel);
    }
  }

 private:
  EventLoop& loop() override { return *loop_; }
  const proxy::ExchangeContext& exchanges() override { return exchanges_; }
  WorkerEvents& events() override { return events_; }
  const ServerLimits& limits() const override { return options_.server; }
  proxy::Routed route(const std::string& listener, const proxy::RequestHead& head) override;
  std::shared_ptr<const proxy::Cluster> cluster(const std::string& name) override;
  bool notifies() const override { return notice_ != proxy::Notice::kNone; }
  bool notifiesAll() const override { return notice_ == proxy::Notice::kAll; }
  void forget(ServerConnection& connection) override;
  void tunnelOver(TcpTunnel& tunnel, const proxy::RequestRecord& record) override;

  void accepted(Acceptor& from, Fd fd, proxy::Address peer);
  void serve(Acceptor& from, Fd fd, ServerConnection::Origin origin);
  void detect(Acceptor& from, Fd fd, ServerConnection::Origin origin);
  void tunnel(Fd fd, ServerConnection::Origin origin, std::string serverName);
  void sweep();
  void dropAcceptors();
  const proxy::routing::Routes* routesOf(const std::string& listener) const;

  std::unique_ptr<EventLoop> loop_;
  WorkerOptions options_;
  WorkerEvents& events_;
  TlsContexts tls_;
  UpstreamPools pools_;
  proxy::ReplayBudget budget_;
  proxy::ExchangeContext exchanges_;
  std::shared_ptr<const proxy::RouteTable> table_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::unordered_map<const ServerConnection*, std::unique_ptr<ServerConnection>> connections_;
  std::unordered_map<const Sniffer*, std::unique_ptr<Sniffer>> sniffers_;
  std::unordered_map<const TcpTunnel*, std::unique_ptr<TcpTunnel>> tunnels_;
  proxy::Notice notice_ = proxy::Notice::kNone;
  Timer sweep_;
};

}  // namespace hitless::sys

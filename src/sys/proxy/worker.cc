#include "sys/proxy/worker.h"

#include <algorithm>

#include "sys/proxy/tcp.h"

namespace hitless::sys {
namespace {

constexpr nanoseconds kSweep = seconds(1);
/// Between looks at a listening socket when there is no room for more connections.
constexpr nanoseconds kFull = milliseconds(100);

/// Rules about bytes: the first backend of the host's first rule.
const proxy::WeightedCluster* bytesTo(const proxy::routing::Routes& routes,
                                      const std::string& serverName) {
  const proxy::VirtualHost* const host = routes.host(serverName);
  if (host == nullptr || host->rules.empty() || host->rules.front().backends.empty()) {
    return nullptr;
  }
  return &host->rules.front().backends.front();
}

}  // namespace

Worker::Worker(std::unique_ptr<EventLoop> loop, Rng& rng, WorkerOptions options,
               WorkerEvents& events)
    : loop_(std::move(loop)),
      options_(options),
      events_(events),
      pools_(*loop_, rng, tls_, options.upstream, events),
      exchanges_{pools_, loop_->clock(), rng, budget_, options.edge},
      table_(std::make_shared<proxy::RouteTable>()),
      sweep_(*loop_, [this] { sweep(); }) {
  sweep_.set(loop_->now() + kSweep);
}

/// Exchanges hold calls on the pools' connections.
Worker::~Worker() {
  acceptors_.clear();
  sniffers_.clear();
  tunnels_.clear();
  connections_.clear();
}

const proxy::routing::Routes* Worker::routesOf(const std::string& listener) const {
  for (const auto& routes : table_->listeners) {
    if (routes->listener().name == listener) {
      return routes.get();
    }
  }
  return nullptr;
}

Status Worker::listen(const std::string& listener, Fd fd) {
  const proxy::routing::Routes* const routes = routesOf(listener);
  auto acceptor = std::make_unique<Acceptor>(
      *loop_, std::move(fd), [this](Acceptor& from, Fd client, proxy::Address peer) {
        accepted(from, std::move(client), peer);
      });
  std::shared_ptr<ListenerTls> tls;
  if (routes->listener().protocol == proxy::ListenerProtocol::kHttps) {
    tls = TRY(ListenerTls::make(routes->listener()));
  }
  acceptor->setListener(routes->listener(), std::move(tls));
  acceptor->setPlace(routes->listener());
  TRY_VOID(acceptor->start());
  acceptors_.push_back(std::move(acceptor));
  return {};
}

Status Worker::setTable(std::shared_ptr<const proxy::RouteTable> table) {
  std::map<std::string, std::shared_ptr<ListenerTls>> tls;
  for (const auto& routes : table->listeners) {
    const proxy::Listener& listener = routes->listener();
    if (listener.protocol == proxy::ListenerProtocol::kHttps) {
      tls[listener.name] = TRY(ListenerTls::make(listener));
    }
  }
  table_ = std::move(table);
  pools_.setTable(table_);
  for (const auto& acceptor : acceptors_) {
    if (const proxy::routing::Routes* const routes = routesOf(acceptor->name)) {
      acceptor->setListener(routes->listener(), tls[acceptor->name]);
    }
  }
  dropAcceptors();
  return {};
}

/// Those of listeners that are gone, or listen elsewhere, unless somebody waits there still.
void Worker::dropAcceptors() {
  std::erase_if(acceptors_, [&](const std::unique_ptr<Acceptor>& acceptor) {
    const proxy::routing::Routes* const routes = routesOf(acceptor->name);
    const bool wanted = routes != nullptr && !acceptor->moved(routes->listener());
    return !wanted && acceptor->drain();
  });
}

proxy::Routed Worker::route(const std::string& listener, const proxy::RequestHead& head) {
  proxy::Routed routed;
  routed.routes = routesOf(listener);
  if (routed.routes != nullptr) {
    routed.table = table_;
    routed.match = routed.routes->match(head);
  }
  return routed;
}

std::shared_ptr<const proxy::Cluster> Worker::cluster(const std::string& name) {
  const auto found = table_->clusters.find(name);
  return found == table_->clusters.end() ? nullptr : found->second;
}

// --- connections ---------------------------------------------------------------------------------

void Worker::accepted(Acceptor& from, Fd fd, proxy::Address peer) {
  events_.accepted(from.name);
  if (connections_.size() >= options_.server.connections) {
    from.pause(kFull);
  }
  ServerConnection::Origin origin{from.name, localAddress(fd.get()), peer, {}};
  if (const auto wanted = originalDestination(fd.get())) {
    origin.local = *wanted;
  }
  switch (from.protocol) {
    case proxy::ListenerProtocol::kHttp:
    case proxy::ListenerProtocol::kHttps:
      return serve(from, std::move(fd), std::move(origin));
    case proxy::ListenerProtocol::kTcp:
      return tunnel(std::move(fd), std::move(origin), {});
    case proxy::ListenerProtocol::kTlsPassthrough:
    case proxy::ListenerProtocol::kDetect:
      return detect(from, std::move(fd), std::move(origin));
  }
}

void Worker::serve(Acceptor& from, Fd fd, ServerConnection::Origin origin) {
  PeerSocket transport = from.tls() == nullptr
                             ? PeerSocket(std::move(fd))
                             : PeerSocket::tlsServer(std::move(fd), from.tls()->first());
  origin.tls = from.tls();
  ServerContext& context = *this;
  auto connection =
      std::make_unique<ServerConnection>(context, std::move(transport), std::move(origin));
  ServerConnection& begun = *connection;
  connections_.emplace(&begun, std::move(connection));
  if (!begun.start({})) {
    events_.closed(begun.listener(), {});
    connections_.erase(&begun);
  }
}

void Worker::detect(Acceptor& from, Fd fd, ServerConnection::Origin origin) {
  Acceptor* const acceptor = &from;
  auto sniffer = std::make_unique<Sniffer>(
      *loop_, std::move(fd), options_.detection,
      [this, acceptor, origin = std::move(origin)](Sniffer& done, Sniffer::Seen seen) mutable {
        Fd client = done.take();
        const auto found = sniffers_.find(&done);
        loop_->bury(std::move(found->second));
        sniffers_.erase(found);
        const bool here = std::any_of(acceptors_.begin(), acceptors_.end(),
                                      [&](const auto& one) { return one.get() == acceptor; });
        if (here && seen.what == proxy::Sniffed::kHttp &&
            acceptor->protocol == proxy::ListenerProtocol::kDetect) {
          serve(*acceptor, std::move(client), std::move(origin));
        } else {
          tunnel(std::move(client), std::move(origin), std::move(seen.serverName));
        }
      });
  Sniffer& begun = *sniffer;
  sniffers_.emplace(&begun, std::move(sniffer));
  if (!begun.start()) {
    events_.closed(from.name, {});
    sniffers_.erase(&begun);
  }
}

void Worker::tunnel(Fd fd, ServerConnection::Origin origin, std::string serverName) {
  const proxy::routing::Routes* const routes = routesOf(origin.listener);
  const proxy::WeightedCluster* const backend =
      routes == nullptr ? nullptr : bytesTo(*routes, serverName);
  const auto cluster =
      backend == nullptr ? table_->clusters.end() : table_->clusters.find(backend->cluster);
  proxy::CallSpec spec;
  spec.originalDestination = origin.local;
  std::optional<UpstreamPools::Place> place;
  if (cluster != table_->clusters.end()) {
    spec.cluster = cluster->second;
    place = pools_.place(spec);
  }
  Fd upstream(place ? connectTo(place->address, options_.upstream.priority) : Fd());
  TunnelContext& context = *this;
  TcpTunnel::Origin from{origin.listener,         origin.local,
                         origin.remote,           spec.cluster == nullptr ? "" : spec.cluster->name,
                         place ? place->pod : "", std::move(serverName)};
  if (upstream.get() < 0) {
    resetOnClose(fd.get());
    events_.closed(from.listener, {});
    return events_.requestOver(TcpTunnel::failed(
        from, *loop_,
        place ? proxy::Flag::kUpstreamConnectionFailure : proxy::Flag::kNoHealthyUpstream));
  }
  auto tunnel = std::make_unique<TcpTunnel>(context, std::move(fd), std::move(upstream),
                                            place->address, std::move(from));
  TcpTunnel& begun = *tunnel;
  tunnels_.emplace(&begun, std::move(tunnel));
  if (!begun.start(options_.upstream.connectTimeout)) {
    begun.cut();
  }
}

void Worker::forget(ServerConnection& connection) {
  const auto found = connections_.find(&connection);
  if (found != connections_.end()) {
    loop_->bury(std::move(found->second));
    connections_.erase(found);
  }
}

void Worker::tunnelOver(TcpTunnel& tunnel, const proxy::RequestRecord& record) {
  events_.requestOver(record);
  events_.closed(record.listener, {});
  const auto found = tunnels_.find(&tunnel);
  if (found != tunnels_.end()) {
    loop_->bury(std::move(found->second));
    tunnels_.erase(found);
  }
}

void Worker::sweep() {
  pools_.sweep();
  dropAcceptors();
  sweep_.set(loop_->now() + kSweep);
}

// --- the end -------------------------------------------------------------------------------------

Worker::Activity Worker::activity() {
  Activity activity;
  activity.connections = connections_.size() + sniffers_.size() + tunnels_.size();
  activity.requests = tunnels_.size();
  for (const auto& [key, connection] : connections_) {
    activity.requests += connection->activeRequests();
    activity.noticed += connection->noticed() ? 1 : 0;
    activity.lively += connection->lively() ? 1 : 0;
    activity.unacknowledged += connection->unacknowledgedBytes();
  }
  for (const auto& acceptor : acceptors_) {
    activity.acceptQueueEmpty = acceptor->drain() && activity.acceptQueueEmpty;
  }
  return activity;
}

void Worker::setNotice(proxy::Notice notice) {
  notice_ = notice;
  if (notice != proxy::Notice::kAll) {
    return;
  }
  for (const auto& [key, connection] : connections_) {
    connection->notice();
  }
}

void Worker::closeIdle(nanoseconds quiet) {
  std::vector<ServerConnection*> all;
  for (const auto& [key, connection] : connections_) {
    all.push_back(connection.get());
  }
  for (ServerConnection* const connection : all) {
    connection->closeIfIdle(quiet);
  }
}

void Worker::stopAccepting() {
  for (const auto& acceptor : acceptors_) {
    acceptor->drain();
  }
  acceptors_.clear();
}

void Worker::cut() {
  std::vector<ServerConnection*> all;
  for (const auto& [key, connection] : connections_) {
    all.push_back(connection.get());
  }
  for (ServerConnection* const connection : all) {
    connection->cut();
  }
  std::vector<TcpTunnel*> tunnels;
  for (const auto& [key, tunnel] : tunnels_) {
    tunnels.push_back(tunnel.get());
  }
  for (TcpTunnel* const one : tunnels) {
    one->cut();
  }
}

}  // namespace hitless::sys

#include "app/proxy/proxy_snapshot.h"

#include <spdlog/spdlog.h>

#include "app/proxy/direction.h"
#include "app/version.h"

namespace hitless::app {

WorkerSnapshot snapshotOf(sys::Worker& worker, const WorkerLog& log,
                          const proxy::RouteTable& table) {
  WorkerSnapshot out;
  out.stats.merge(log.stats());
  out.recent = log.recent();
  out.ledger = log.ledger();
  out.activity = worker.activity();
  const MonoTime now = worker.eventLoop().now();
  worker.forEachConnection([&](const sys::ServerConnection& connection) {
    connection.forEachExchange([&](const proxy::Exchange& exchange) {
      out.unfinished.push_back(exchange.record());
      out.unfinished.back().duration = now - exchange.started();
      if (exchange.record().status == 101) {
        ++out.inFlight.streams;
      } else {
        out.inFlight.ages.push_back(now - exchange.started());
      }
    });
  });
  worker.forEachTunnel([&](const sys::TcpTunnel& tunnel) {
    ++out.inFlight.streams;
    out.unfinished.push_back(tunnel.record());
    out.unfinished.back().duration = now - tunnel.started();
  });
  for (const auto& [name, cluster] : table.clusters) {
    for (const proxy::Upstream& upstream : cluster->upstreams) {
      out.loads[{name, upstream.address}] = worker.upstreams().load(name, upstream.address);
    }
  }
  return out;
}

ProxySnapshot::ProxySnapshot(ProcessFacts facts, std::vector<WorkerSnapshot> workers)
    : facts_(std::move(facts)), workers_(std::move(workers)) {}

proxy::StatsView ProxySnapshot::stats() const {
  proxy::StatsView view;
  for (const WorkerSnapshot& worker : workers_) {
    view.counted.merge(worker.stats);
  }
  for (const auto& [name, cluster] : facts_.table->clusters) {
    proxy::StatsView::Membership membership{name, cluster->upstreams.size(), 0};
    for (const proxy::Upstream& upstream : cluster->upstreams) {
      membership.healthy += upstream.ready ? 1 : 0;
    }
    view.memberships.push_back(std::move(membership));
  }
  view.drain = facts_.state;
  view.ready = facts_.ready;
  view.uptime = facts_.uptime;
  view.workers = facts_.workers;
  view.version = kVersion;
  return view;
}

std::vector<proxy::ClusterView> ProxySnapshot::clusters() const {
  std::vector<proxy::ClusterView> out;
  for (const auto& [name, cluster] : facts_.table->clusters) {
    proxy::ClusterView view{name, {}};
    for (const proxy::Upstream& upstream : cluster->upstreams) {
      proxy::UpstreamView one;
      one.address = upstream.address;
      one.pod = upstream.pod;
      one.state = upstream.ready ? proxy::UpstreamView::State::kReady
                                 : proxy::UpstreamView::State::kTerminating;
      for (const WorkerSnapshot& worker : workers_) {
        if (const auto load = worker.loads.find({name, upstream.address});
            load != worker.loads.end()) {
          one.cxActive += load->second.connections;
          one.cxTotal += load->second.connectionsTotal;
          one.cxConnectFail += load->second.connectFailed;
          one.rqActive += load->second.calls;
          one.rqTotal += load->second.callsTotal;
        }
      }
      view.upstreams.push_back(std::move(one));
    }
    out.push_back(std::move(view));
  }
  return out;
}

std::vector<proxy::ListenerView> ProxySnapshot::listeners() const {
  std::vector<proxy::ListenerView> out;
  for (const auto& routes : facts_.table->listeners) {
    const proxy::Listener& listener = routes->listener();
    out.push_back({listener.name,
                   {listener.address.value_or(IpAddress()), listener.port},
                   directionOf(listener, facts_.edge)});
  }
  return out;
}

proxy::DrainStatus ProxySnapshot::drain() const {
  proxy::DrainStatus status;
  status.state = facts_.state;
  status.settings = facts_.settings;
  status.untilDeadline = facts_.untilDeadline;
  for (const WorkerSnapshot& worker : workers_) {
    status.activeConnections += worker.activity.connections;
    status.noticedConnections += worker.activity.noticed;
    status.inFlight.ages.insert(status.inFlight.ages.end(), worker.inFlight.ages.begin(),
                                worker.inFlight.ages.end());
    status.inFlight.streams += worker.inFlight.streams;
    status.recent.merge(worker.recent);
    status.ledger.merge(worker.ledger);
  }
  return status;
}

proxy::ServerInfo ProxySnapshot::info() const {
  return {kVersion, facts_.uptime, facts_.name, facts_.options};
}

std::string ProxySnapshot::logLevel() const {
  const auto name = spdlog::level::to_string_view(spdlog::get_level());
  return std::string(name.data(), name.size());
}

}  // namespace hitless::app

#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/proxy/status_writer.h"
#include "core/proxy/routing/route_book.h"
#include "sys/kube/watcher.h"

namespace hitless::app {

/// The routes of a cluster: watches what they are made from, gives a new table whenever they mean
/// something else, and writes the statuses of Gateways, routes and Ingresses.
class RouteSource {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sys::KubeClient& client;
    Clock& clock;
    Rng& rng;
  };
  struct Options {
    proxy::routing::CompileOptions compile = {};
    /// Where the gateway is reached, for statuses: IP addresses or names.
    std::vector<std::string> addresses = {};
    bool writeStatus = true;
  };
  using Deliver = std::function<void(std::shared_ptr<const proxy::RouteTable>)>;

  /// `deliver` is called on the io_context: not before all kinds have been listed, then with each
  /// table that is different.
  RouteSource(Parts parts, Options options, Deliver deliver);

  void start();
  void stop();
  /// All kinds have been listed, and the first table was delivered.
  bool synced() const { return delivered_; }
  /// News of the watches that are not in the table yet are left out.
  const proxy::routing::RouteBook& book() const { return book_; }

 private:
  void onUpdate(const kube::Resource& resource, const watch::Update& update);
  void schedule();
  void flush();
  void warn();

  Parts parts_;
  Options options_;
  Deliver deliver_;
  proxy::routing::RouteBook book_;
  RouteStatusWriter statuses_;
  std::set<const kube::Resource*> listed_;
  std::set<std::string> warned_;
  std::vector<std::unique_ptr<sys::Watcher>> watchers_;
  bool scheduled_ = false;
  bool delivered_ = false;
  /// Ends what was posted before stop().
  std::shared_ptr<bool> alive_;
};

}  // namespace hitless::app

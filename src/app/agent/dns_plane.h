#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/agent/dns_options.h"
#include "app/agent/name_publisher.h"
#include "core/watch/update.h"

namespace hitless::app {

/// The node's name server as a part of the agent: what it says follows the same snapshot as the
/// packet rules, and where it is asked follows the cluster's DNS Service.
class DnsPlane : public NamePublisher {
 public:
  DnsPlane(boost::asio::io_context& io, const Clock& clock, DnsOptions options);
  ~DnsPlane() override;

  void applyNamespaces(const watch::Update& update);
  /// Of this node.
  void applyPods(const watch::Update& update);
  /// The API server has said something.
  void heard();

  void withdraw(const service::Snapshot& snapshot, const service::Changes& changes) override;
  void publish(const service::Snapshot& snapshot) override;

  /// Called for each address that is told no more, before the rules change.
  std::function<void(const dns::Zone::TakenBack&)> onWithdrawn = [](const auto&) {};

  /// Names can be said not to exist: the cluster is known.
  bool ready() const { return published_.zone().ready(); }
  const dns::Zone& zone() const { return published_.zone(); }
  /// Called back by way of the io_context.
  void stats(std::function<void(const sys::NameServerStats&)> deliver);
  void stop();

 private:
  void follow(const service::Snapshot& snapshot);
  void serve();
  void openDoor();
  void retrySoon();
  void watchUpstreams();
  void readUpstreams();

  boost::asio::io_context& io_;
  const Clock& clock_;
  DnsOptions options_;
  sys::Published published_;
  sys::NameServer server_;
  std::optional<DnsDoor> door_;
  bool doorless_ = false;  ///< This machine cannot have one.
  dns::Zone::Edit edit_;   ///< Withdrawn, not published yet.
  std::set<std::string> namespaces_;
  std::vector<IpAddress> addresses_;  ///< Through the door.
  std::string resolvConf_;            ///< As last read.
  std::set<std::string> troubles_;    ///< Already told.
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer upstreams_;
};

}  // namespace hitless::app

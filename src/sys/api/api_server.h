#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/rng.h"
#include "core/control/action.h"
#include "core/control/store.h"
#include "core/timeline/event.h"

namespace hitless::sys {

struct ApiServerOptions {
  /// Bound and listening sockets (sys/http/server.h listenTcp); taken over. They may belong to
  /// other network namespaces.
  std::vector<int> listeningFds;
  /// What the server's certificate is for, besides localhost, 127.0.0.1, ::1, the in-cluster names
  /// of the Service kubernetes and its ClusterIP.
  std::vector<std::string> dnsNames;
  std::vector<std::string> ips;
  std::string token;  ///< Bearer token that requests need; empty: none.
  /// pki/ (authority, kept over restarts) and logs/ (container logs) are below.
  std::string dir;
  std::size_t historyLimit = 10000;                 ///< Changes that watches can go back.
  bool gate = true;                                 ///< Inject the gate's preStop hook into pods.
  Cidr serviceCidr{IpAddress::v4(0x0a600000), 16};  ///< 10.96.0.0/16
  /// Where pods reach this server: the endpoint of the Service kubernetes.
  std::optional<IpAddress> podAddress;
  std::uint16_t podPort = 6443;
  /// The cluster IP of the cluster's DNS Service; absent: there is none.
  std::optional<IpAddress> dnsAddress;
  nanoseconds bookmarkEvery = seconds{60};
  nanoseconds eventLifetime = std::chrono::hours{1};
};

/// The whole embedded API server: store, API, admission, HTTPS, watches and logs, on one
/// io_context.
class ApiServer {
 public:
  /// Ready to answer when it returns. Clock, rng and timeline must outlive it.
  static Result<std::unique_ptr<ApiServer>> start(boost::asio::io_context& io, const Clock& clock,
                                                  Rng& rng, timeline::Sink& timeline,
                                                  ApiServerOptions options);
  virtual ~ApiServer() = default;

  virtual control::Store& store() = 0;
  /// For controllers in this process; use it on the io_context.
  virtual control::ActionSink& actions() = 0;
  virtual const std::string& caPem() const = 0;
  /// A kubeconfig (mode 0600) with the authority and the token. `serverUrl`:
  /// "https://127.0.0.1:6443".
  virtual Status writeKubeconfig(const std::string& path, const std::string& serverUrl) const = 0;
  /// Open watches.
  virtual std::size_t watchCount() const = 0;
  /// Stops accepting and closes every connection.
  virtual void stop() = 0;
};

}  // namespace hitless::sys

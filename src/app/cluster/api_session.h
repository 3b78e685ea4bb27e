#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/cluster/manifests.h"
#include "base/clock.h"
#include "sys/clock/real_clock.h"
#include "sys/kube/client.h"

namespace hitless::app {

/// Straight-line use of an API server by a command: each call runs its own event loop until it is
/// answered.
class ApiSession {
 public:
  static Result<ApiSession> open(const std::string& kubeconfig);

  /// kNotFound and the like carry the server's own message.
  Result<kube::json::object> get(const std::string& path);
  Result<kube::json::object> patch(const std::string& path, const std::string& contentType,
                                   const kube::json::object& body);
  Result<kube::json::object> post(const std::string& path, const kube::json::object& body);
  Status remove(const std::string& path);

  /// Server-side apply, as `kubectl apply --server-side --force-conflicts`; errors name the
  /// manifest's line.
  Status apply(const Manifest& manifest);

  /// Polls the object at `path` until `done` says so; kUnavailable after `timeout`, with what
  /// `describe` says of the last state.
  Status waitFor(const std::string& path, nanoseconds timeout,
                 const std::function<bool(const kube::json::object&)>& done,
                 const std::function<std::string(const kube::json::object&)>& describe);

  /// Runs the event loop for a while.
  void pause(nanoseconds duration);

 private:
  ApiSession() = default;
  Result<kube::json::object> send(sys::KubeClient::Request request);

  std::unique_ptr<sys::RealClock> clock_;
  std::unique_ptr<boost::asio::io_context> io_;
  std::unique_ptr<sys::KubeClient> client_;
};

}  // namespace hitless::app

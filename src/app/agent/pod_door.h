#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "app/agent/pod_claims.h"
#include "base/clock.h"
#include "sys/http/server.h"

namespace hitless::app {

/// Pods need not wait for policies that nobody enforces.
class NoIsolation : public PodIsolation {
 public:
  void isolate(PodSandboxClaim, std::function<void(Status)> done) override { done({}); }
  void release(const PodSandboxClaim&) override {}
  Status check(const PodSandboxClaim&) override { return {}; }
};

/// The agent's door for whoever makes the networks of pods on its node: HTTP on a unix socket that
/// only the agent's user may open (pod_claim_json.h says what is asked and answered).
class PodDoor {
 public:
  PodDoor(boost::asio::io_context& io, PodIsolation& isolation, std::string path);

  /// Begins to listen. While that cannot be (another agent does), it is tried again and again.
  void open();
  void close();

 private:
  using Responder = std::shared_ptr<sys::HttpResponder>;

  Status tryOpen();
  void serve(const sys::HttpRequest& request, const Responder& responder);
  void add(const PodRequest& request, const Responder& responder);
  Status del(const PodRequest& request);
  Status check(const PodRequest& request);
  Status collect(const std::string& body);
  void restore();

  boost::asio::io_context& io_;
  PodIsolation& isolation_;
  std::string path_;
  boost::asio::steady_timer retry_;
  nanoseconds pause_{};
  std::unique_ptr<sys::HttpServer> server_;
  PodClaims claims_;
};

}  // namespace hitless::app

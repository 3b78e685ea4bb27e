#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "app/agent/pod_claim_json.h"
#include "base/clock.h"

namespace hitless::app {

/// The other side of the agent's door for pods. An agent that is away may be starting again: until
/// the time is over it is asked again and again.
class PodDoorClient {
 public:
  using Done = std::function<void(Status)>;

  PodDoorClient(boost::asio::io_context& io, Clock& clock, std::string socket)
      : io_(io), clock_(clock), socket_(std::move(socket)) {}

  /// Each calls `done` exactly once, never from inside the call; kUnavailable if no agent has
  /// answered by the end of `timeout`.
  void add(const PodRequest& request, nanoseconds timeout, Done done);
  void check(const PodRequest& request, nanoseconds timeout, Done done);
  void del(const PodRequest& request, nanoseconds timeout, Done done);
  void collect(const ValidSandboxes& valid, nanoseconds timeout, Done done);
  /// Whether an agent is there at all.
  void health(nanoseconds timeout, Done done);

 private:
  class Call;
  void call(std::string method, const char* path, std::string body, nanoseconds timeout, Done done);

  boost::asio::io_context& io_;
  Clock& clock_;
  std::string socket_;
};

}  // namespace hitless::app

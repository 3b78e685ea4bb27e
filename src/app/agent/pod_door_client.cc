#include "app/agent/pod_door_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "sys/http/client.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kFirstPause = milliseconds(5);
constexpr nanoseconds kLongestPause = milliseconds(100);

}  // namespace

/// One question until it is answered.
class PodDoorClient::Call : public std::enable_shared_from_this<Call> {
 public:
  Call(boost::asio::io_context& io, Clock& clock, sys::PlainRequest request, Done done)
      : io_(io),
        clock_(clock),
        timer_(io),
        request_(std::move(request)),
        deadline_(clock.mono() + request_.timeout),
        done_(std::move(done)) {}

  void ask() {
    sys::PlainRequest request = request_;
    request.timeout = std::max(deadline_ - clock_.mono(), nanoseconds{1});
    sys::sendPlain(io_, std::move(request),
                   [self = shared_from_this()](Result<sys::HttpResponse> response) {
                     self->answered(std::move(response));
                   });
  }

 private:
  void answered(Result<sys::HttpResponse> response) {
    if (response) {
      return done_(statusOf({response->status, std::move(response->body)}));
    }
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
    if (clock_.mono() + pause_ >= deadline_) {
      return done_(away(std::move(response).error()));
    }
    timer_.expires_after(pause_);
    timer_.async_wait(
        [self = shared_from_this()](const boost::system::error_code&) { self->ask(); });
  }

  tl::unexpected<Error> away(Error error) const {
    error.kind = ErrorKind::kUnavailable;
    error.message = fmt::format("no answer from the node's hitless agent within {} ms: {}",
                                request_.timeout / milliseconds(1), error.message);
    error.hint = fmt::format("see whether it runs, and with --pod-socket {}", request_.unixSocket);
    return tl::unexpected(std::move(error));
  }

  boost::asio::io_context& io_;
  Clock& clock_;
  boost::asio::steady_timer timer_;
  sys::PlainRequest request_;
  MonoTime deadline_;
  nanoseconds pause_{};
  Done done_;
};

void PodDoorClient::call(std::string method, const char* path, std::string body,
                         nanoseconds timeout, Done done) {
  sys::PlainRequest request;
  request.method = std::move(method);
  request.unixSocket = socket_;
  request.host = "localhost";
  request.target = path;
  request.body = std::move(body);
  request.timeout = timeout;
  std::make_shared<Call>(io_, clock_, std::move(request), std::move(done))->ask();
}

void PodDoorClient::add(const PodRequest& request, nanoseconds timeout, Done done) {
  call("POST", kPodsAdd, jsonOf(request), timeout, std::move(done));
}

void PodDoorClient::check(const PodRequest& request, nanoseconds timeout, Done done) {
  call("POST", kPodsCheck, jsonOf(request), timeout, std::move(done));
}

void PodDoorClient::del(const PodRequest& request, nanoseconds timeout, Done done) {
  call("POST", kPodsDel, jsonOf(request), timeout, std::move(done));
}

void PodDoorClient::collect(const ValidSandboxes& valid, nanoseconds timeout, Done done) {
  call("POST", kPodsCollect, jsonOf(valid), timeout, std::move(done));
}

void PodDoorClient::health(nanoseconds timeout, Done done) {
  call("GET", kPodDoorHealth, {}, timeout, std::move(done));
}

}  // namespace hitless::app

#include "app/node/checks.h"

#include <utility>

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sys/container/exec.h"
#include "sys/container/grpc_check.h"
#include "sys/container/tcp_check.h"
#include "sys/http/client.h"

namespace hitless::app {
namespace {

using Done = std::function<void(CheckOutcome)>;
using Ticket = std::shared_ptr<Check>;

/// Lets one outcome through, and none after cancel().
class Outcome : public Check {
 public:
  explicit Outcome(Done done) : done_(std::move(done)) {}
  void cancel() override {
    done_ = nullptr;
    if (execution) {
      execution->cancel();
    }
    if (timer) {
      timer->cancel();
    }
  }
  void report(bool success, std::string message) {
    execution.reset();
    if (const Done done = std::exchange(done_, nullptr)) {
      done({success, std::move(message)});
    }
  }
  std::shared_ptr<sys::Execution> execution;
  std::unique_ptr<boost::asio::steady_timer> timer;

 private:
  Done done_;
};

std::optional<std::uint16_t> portOf(const CheckPlace& place, const kube::IntOrString& port) {
  if (const auto* number = std::get_if<std::int64_t>(&port)) {
    const bool valid = *number > 0 && *number <= 65535;
    return valid ? std::optional(static_cast<std::uint16_t>(*number)) : std::nullopt;
  }
  for (const kube::ContainerPort& known : place.container->ports) {
    if (known.name == std::get<std::string>(port)) {
      return known.containerPort;
    }
  }
  return std::nullopt;
}

class Starter {
 public:
  Starter(NodeContext& context, const CheckPlace& place, nanoseconds timeout,
          std::shared_ptr<Outcome> outcome)
      : context_(context), place_(place), timeout_(timeout), outcome_(std::move(outcome)) {}

  void operator()(const node::ExecAction& action) const {
    outcome_->execution = sys::execIn(
        context_.io, place_.pidfd, {action.command, place_.environment, {}, timeout_},
        [outcome = outcome_, timeout = timeout_](Result<sys::ExecResult> result) {
          if (!result) {
            outcome->report(false, result.error().text());
          } else if (result->timedOut) {
            outcome->report(false, fmt::format("command timed out after {} s",
                                               std::chrono::floor<seconds>(timeout).count()));
          } else {
            const int code = result->exit.code;
            outcome->report(code == 0, code == 0 || !result->output.empty()
                                           ? result->output
                                           : fmt::format("exit status {}", code));
          }
        });
  }

  void operator()(const node::HttpGetAction& action) const {
    const auto port = portOf(place_, action.port);
    if (!port) {
      return refuse("the port of its httpGet is none of the container's");
    }
    if (action.scheme == "HTTPS") {
      return refuse("httpGet with scheme HTTPS is not available on this node; use HTTP or exec");
    }
    sys::PlainRequest request;
    request.host = action.host.empty() ? place_.podIP : action.host;
    request.port = *port;
    request.target = action.path;
    request.headers = action.headers;
    request.headers.emplace_back("User-Agent", "kube-probe/1.33");
    request.headers.emplace_back("Accept", "*/*");
    request.timeout = timeout_;
    const std::string url = fmt::format("http://{}:{}{}", request.host, *port, action.path);
    sys::sendPlain(context_.io, std::move(request),
                   [outcome = outcome_, url](const Result<sys::HttpResponse>& response) {
                     if (!response) {
                       outcome->report(false,
                                       fmt::format("Get \"{}\": {}", url, response.error().text()));
                       return;
                     }
                     const bool success = response->status >= 200 && response->status < 400;
                     outcome->report(success, success ? "ok"
                                                      : fmt::format("HTTP probe failed with "
                                                                    "statuscode: {}",
                                                                    response->status));
                   });
  }

  void operator()(const node::TcpSocketAction& action) const {
    const auto port = portOf(place_, action.port);
    if (!port) {
      return refuse("the port of its tcpSocket is none of the container's");
    }
    sys::checkTcp(context_.io, action.host.empty() ? place_.podIP : action.host, *port, timeout_,
                  [outcome = outcome_](const Status& status) {
                    outcome->report(status.has_value(), status ? "ok" : status.error().message);
                  });
  }

  void operator()(const node::GrpcAction& action) const {
    sys::checkGrpc(context_.io, place_.podIP, action.port, action.service, timeout_,
                   [outcome = outcome_](const Status& status) {
                     outcome->report(status.has_value(), status ? "ok" : status.error().message);
                   });
  }

  void operator()(const node::SleepAction& action) const {
    outcome_->timer = std::make_unique<boost::asio::steady_timer>(
        context_.io, std::chrono::seconds(action.seconds));
    outcome_->timer->async_wait([outcome = outcome_](const boost::system::error_code& error) {
      if (!error) {
        outcome->report(true, "ok");
      }
    });
  }

 private:
  void refuse(const std::string& why) const {
    boost::asio::post(context_.io, [outcome = outcome_, why] { outcome->report(false, why); });
  }

  NodeContext& context_;
  const CheckPlace& place_;
  nanoseconds timeout_;
  std::shared_ptr<Outcome> outcome_;
};

}  // namespace

Ticket startCheck(NodeContext& context, const node::Handler& handler, const CheckPlace& place,
                  nanoseconds timeout, Done done) {
  auto outcome = std::make_shared<Outcome>(std::move(done));
  std::visit(Starter(context, place, timeout, outcome), handler);
  return outcome;
}

}  // namespace hitless::app

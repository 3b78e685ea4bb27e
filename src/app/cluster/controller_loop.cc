#include "app/cluster/controller_loop.h"

#include <boost/asio/post.hpp>

namespace hitless::app {
namespace {

constexpr std::size_t kKeysAtOnce = 32;

}  // namespace

ControllerLoop::ControllerLoop(boost::asio::io_context& io, control::Store& store,
                               control::ActionSink& sink, timeline::Sink& timeline,
                               const Clock& clock, Rng& rng, control::ManagerOptions options)
    : io_(io),
      timer_(io),
      manager_(store, sink, timeline, clock, rng, std::move(options), [this] { schedule(); }) {}

void ControllerLoop::start() {
  manager_.start();
  schedule();
}

void ControllerLoop::schedule() {
  if (!scheduled_) {
    scheduled_ = true;
    boost::asio::post(io_, [this] { work(); });
  }
}

void ControllerLoop::work() {
  scheduled_ = false;
  if (manager_.runSome(kKeysAtOnce)) {
    schedule();
  } else {
    sleepUntilNextWake();
  }
}

void ControllerLoop::sleepUntilNextWake() {
  const auto next = manager_.nextWake();
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(*next));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      schedule();
    }
  });
}

}  // namespace hitless::app

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/control/manager.h"

namespace hitless::app {

/// Runs the controllers on an event loop: a bounded piece of work at a time, so that requests are
/// answered in between.
class ControllerLoop {
 public:
  ControllerLoop(boost::asio::io_context& io, control::Store& store, control::ActionSink& sink,
                 timeline::Sink& timeline, const Clock& clock, Rng& rng,
                 control::ManagerOptions options);
  ControllerLoop(const ControllerLoop&) = delete;
  ControllerLoop& operator=(const ControllerLoop&) = delete;

  void start();

 private:
  void schedule();
  void work();
  void sleepUntilNextWake();

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  bool scheduled_ = false;
  control::Manager manager_;
};

}  // namespace hitless::app

#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "core/conntrack/flow_table.h"

namespace hitless::app {

/// Reads the connection table on a thread of its own, one task after the other: a dump takes from
/// 5 ms, for an empty table, to seconds, for a full one, and the agent's thread has rules to change
/// meanwhile.
class FlowWorker {
 public:
  /// `table` is used by the worker's thread alone.
  FlowWorker(boost::asio::io_context& io, conntrack::FlowTable& table) : io_(io), table_(table) {}
  /// Waits for the task that runs; those that have not begun are dropped.
  ~FlowWorker() {
    thread_.stop();
    thread_.join();
  }
  FlowWorker(const FlowWorker&) = delete;
  FlowWorker& operator=(const FlowWorker&) = delete;

  /// Has `work(table)` done, and then `done(its result)` called on `io`, in the order of the calls.
  /// `work` must hold by value all that it uses; `done` is not called any more once io has stopped.
  template <class Work, class Done>
  void run(Work work, Done done) {
    boost::asio::post(thread_, [this, work = std::move(work), done = std::move(done),
                                keepRunning = boost::asio::make_work_guard(io_)]() mutable {
      boost::asio::post(io_, [done = std::move(done), result = work(table_)]() mutable {
        done(std::move(result));
      });
    });
  }

 private:
  boost::asio::io_context& io_;
  conntrack::FlowTable& table_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace hitless::app

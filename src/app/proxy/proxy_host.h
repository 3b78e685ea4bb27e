#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/proxy/worker_log.h"
#include "base/clock.h"
#include "base/rng.h"
#include "core/proxy/route_table.h"
#include "sys/clock/real_clock.h"
#include "sys/proxy/worker.h"

namespace hitless::app {

/// By listener's name.
using ListeningSockets = std::map<std::string, std::vector<sys::Fd>>;

struct ProxyHostOptions {
  unsigned workers = 1;
  bool edge = false;
  sys::WorkerOptions worker;
  /// nullptr: no access log.
  std::shared_ptr<const proxy::AccessLogFormat> accessLog;
};

/// The workers of one proxy process, each on its thread, and what is told to all of them. For the
/// thread of `io`.
class ProxyHost {
 public:
  ProxyHost(boost::asio::io_context& io, const Clock& clock, ProxyHostOptions options);
  ~ProxyHost();

  Status start();
  /// Listening sockets of a predecessor, used instead of new ones by listeners of these names.
  void adopt(ListeningSockets sockets) { adopted_ = std::move(sockets); }
  /// One more descriptor of each socket that is listened on.
  const ListeningSockets& listeningSockets() const { return kept_; }
  /// Routes by the table from now on; listens where it says. An error leaves everything as it was.
  Status setTable(const std::shared_ptr<const proxy::RouteTable>& table);
  const std::shared_ptr<const proxy::RouteTable>& table() const { return table_; }

  /// Runs on each worker's thread.
  void tell(const std::function<void(sys::Worker&)>& what);
  void tellLogs(const std::function<void(WorkerLog&)>& what);
  /// Asks each worker, on its thread; `then` gets the answers here, when all have answered.
  template <class T>
  void ask(std::function<T(sys::Worker&, WorkerLog&)> question,
           std::function<void(std::vector<T>)> then);
  /// Ends the threads; connections that are open end with them.
  void stop();

 private:
  struct Thread {
    std::unique_ptr<sys::RealRng> rng;
    std::unique_ptr<WorkerLog> log;
    std::unique_ptr<sys::Worker> worker;
    std::thread thread;
  };
  using Where = std::pair<std::optional<IpAddress>, std::uint16_t>;

  Result<std::vector<sys::Fd>> listenAll(const proxy::Listener& listener);
  Result<std::vector<sys::Fd>> adoptedFor(const std::string& listener);

  boost::asio::io_context& io_;
  const Clock& clock_;
  ProxyHostOptions options_;
  std::vector<Thread> threads_;
  std::shared_ptr<const proxy::RouteTable> table_;
  std::map<std::string, Where> listening_;  ///< By listener's name.
  ListeningSockets adopted_;
  ListeningSockets kept_;
};

template <class T>
void ProxyHost::ask(std::function<T(sys::Worker&, WorkerLog&)> question,
                    std::function<void(std::vector<T>)> then) {
  struct Round {
    std::vector<T> answers;
    std::size_t missing = 0;
    std::function<void(std::vector<T>)> then;
  };
  auto round = std::make_shared<Round>();
  round->missing = threads_.size();
  round->then = std::move(then);
  for (Thread& thread : threads_) {
    sys::Worker* const worker = thread.worker.get();
    WorkerLog* const log = thread.log.get();
    worker->eventLoop().post([this, worker, log, question, round] {
      auto answer = std::make_shared<T>(question(*worker, *log));
      boost::asio::post(io_, [round, answer] {
        round->answers.push_back(std::move(*answer));
        if (--round->missing == 0) {
          round->then(std::move(round->answers));
        }
      });
    });
  }
}

}  // namespace hitless::app

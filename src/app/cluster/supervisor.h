#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/cluster/fabric.h"

namespace hitless::app {

/// Keeps the node processes running and, as process 1 must, reaps every orphan of the cluster.
class NodeSupervisor {
 public:
  /// argvOf(index) is the node's command line; logs go to `logDir`/node-N.log.
  NodeSupervisor(boost::asio::io_context& io, Fabric fabric,
                 std::function<std::vector<std::string>(int index)> argvOf, std::string logDir);

  /// Starts nodes 1..count.
  Status start(int count);
  /// Restarts no node any more and kills those that run.
  void stop();

 private:
  Status startNode(int index);
  void awaitChild();
  void reap();
  void restartLater(int index);

  boost::asio::io_context& io_;
  Fabric fabric_;
  std::function<std::vector<std::string>(int)> argvOf_;
  std::string logDir_;
  boost::asio::signal_set childSignals_;
  std::map<pid_t, int> nodes_;
  std::map<int, std::unique_ptr<boost::asio::steady_timer>> restarts_;
  bool stopping_ = false;
};

}  // namespace hitless::app

#include "app/cluster/supervisor.h"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/clock.h"

namespace hitless::app {
namespace {

constexpr seconds kRestartDelay{1};

}  // namespace

NodeSupervisor::NodeSupervisor(boost::asio::io_context& io, Fabric fabric,
                               std::function<std::vector<std::string>(int)> argvOf,
                               std::string logDir)
    : io_(io),
      fabric_(std::move(fabric)),
      argvOf_(std::move(argvOf)),
      logDir_(std::move(logDir)),
      childSignals_(io, SIGCHLD) {
  awaitChild();
}

Status NodeSupervisor::start(int count) {
  for (int index = 1; index <= count; ++index) {
    TRY_VOID(startNode(index));
  }
  return {};
}

void NodeSupervisor::stop() {
  stopping_ = true;
  restarts_.clear();
  for (const auto& [pid, index] : nodes_) {
    ::kill(pid, SIGKILL);
  }
}

Status NodeSupervisor::startNode(int index) {
  const std::string log = logDir_ + "/" + nodeName(index) + ".log";
  const sys::ChildProcess child = TRY(fabric_.startNode(index, argvOf_(index), log));
  ::close(child.pidfd);
  nodes_[child.pid] = index;
  return {};
}

void NodeSupervisor::awaitChild() {
  childSignals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) {
      reap();
      awaitChild();
    }
  });
}

void NodeSupervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto node = nodes_.find(pid);
    if (node == nodes_.end()) {
      continue;
    }
    const int index = node->second;
    nodes_.erase(node);
    if (!stopping_) {
      spdlog::error("{} ended ({} {}); restarting it", nodeName(index),
                    WIFSIGNALED(status) ? "signal" : "exit status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      restartLater(index);
    }
  }
}

void NodeSupervisor::restartLater(int index) {
  auto& timer = restarts_[index];
  timer = std::make_unique<boost::asio::steady_timer>(io_, kRestartDelay);
  timer->async_wait([this, index](const boost::system::error_code& error) {
    if (error || stopping_) {
      return;
    }
    if (const Status started = startNode(index); !started) {
      spdlog::error("cannot restart {}: {}", nodeName(index), started.error().text());
      restartLater(index);
    }
  });
}

}  // namespace hitless::app

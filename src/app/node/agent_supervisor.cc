#include "app/node/agent_supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "sys/container/child_program.h"
#include "sys/process/process.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kFirstDelay = milliseconds{100};
constexpr nanoseconds kLongestDelay = seconds{5};
/// An agent that has run so long starts again at once.
constexpr nanoseconds kGoodRun = seconds{10};

/// Between clone() and exec(): system calls only.
[[noreturn]] void become(const sys::ChildProgram& program, int input, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (sys::redirectOutput(input, log, log)) {
    sys::resetChild();
    program.execute();
  }
  ::_exit(127);
}

}  // namespace

void AgentSupervisor::start() {
  if (const Status launched = launch(); !launched) {
    spdlog::error("cannot start the agent: {}", launched.error().text());
    startLater();
  }
}

Status AgentSupervisor::launch() {
  std::vector<std::string> argv{sys::ownPath(), "agent"};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  node::Environment environment;
  const auto program = TRY(sys::ChildProgram::prepare(argv, environment, {}));
  const std::string path = context_.directory + "/agent.log";
  const sys::Fd log(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  const sys::Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log.valid() || !input.valid()) {
    return osFail("cannot open " + path);
  }
  std::shared_ptr<sys::Child> child = TRY(sys::Child::clone(context_.io, 0));
  if (!child) {
    become(program, input.get(), log.get());
  }
  child_ = std::move(child);
  started_ = context_.clock.mono();
  child_->onExit([this](sys::ChildExit exit) { ended(exit); });
  return {};
}

void AgentSupervisor::ended(sys::ChildExit exit) {
  const std::string how =
      exit.signal != 0 ? fmt::format("signal {}", exit.signal) : fmt::format("exit {}", exit.code);
  spdlog::warn("the agent has ended: {}", how);
  context_.timeline.record({context_.clock.wall(), timeline::What::kAgentStopped,
                            context_.facts.name, "", "", "", 0, how});
  const bool good = context_.clock.mono() - started_ >= kGoodRun;
  delay_ = good ? nanoseconds{0} : std::clamp(delay_ * 2, kFirstDelay, kLongestDelay);
  startLater();
}

void AgentSupervisor::startLater() {
  timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::max(delay_, nanoseconds{0})));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      start();
    }
  });
}

}  // namespace hitless::app

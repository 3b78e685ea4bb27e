#include "app/cluster/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "app/cluster/addresses.h"
#include "app/cluster/init.h"
#include "base/text.h"
#include "sys/http/server.h"
#include "sys/process/namespaces.h"

namespace hitless::app {
namespace {

constexpr seconds kStopGrace{5};

/// 6443 if nobody has it, because kubectl caches what it discovered by address.
Result<int> listenForApi(std::uint16_t wanted) {
  if (wanted != 0) {
    return sys::listenTcp("127.0.0.1", wanted);
  }
  auto usual = sys::listenTcp("127.0.0.1", kApiPort);
  return usual ? std::move(usual) : sys::listenTcp("127.0.0.1", 0);
}

void redirectOutput(const std::string& path) {
  const int log = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close(null);
  ::close(log);
}

void report(int fd, const kube::json::object& message) {
  const std::string line = kube::json::serialize(message) + "\n";
  [[maybe_unused]] const auto written = ::write(fd, line.data(), line.size());
}

/// Waits for the end of init; passes a request to stop on, and insists after a while.
void watchOver(const sys::ChildProcess& init, int signals) {
  pollfd fds[2] = {{init.pidfd, POLLIN, 0}, {signals, POLLIN, 0}};
  int timeout = -1;
  for (;;) {
    const int ready = ::poll(fds, 2, timeout);
    if (ready == 0) {
      ::kill(init.pid, SIGKILL);
      timeout = -1;
    }
    if ((fds[0].revents & POLLIN) != 0) {
      break;
    }
    if (ready > 0 && (fds[1].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      [[maybe_unused]] const auto got = ::read(signals, &info, sizeof info);
      ::kill(init.pid, SIGTERM);
      timeout = static_cast<int>(std::chrono::duration_cast<milliseconds>(kStopGrace).count());
    }
  }
  ::waitpid(init.pid, nullptr, 0);
}

/// The monitor's life. It never returns to the caller's code.
[[noreturn]] void monitor(const LaunchOptions& options, const RunDir& dir, int apiFd, int ready,
                          pid_t caller) {
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTERM);
  ::sigaddset(&stop, SIGINT);
  ::sigprocmask(SIG_BLOCK, &stop, nullptr);
  if (options.attached) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != caller) {
      ::_exit(1);
    }
  }
  // A terminal's Ctrl-C is for the command in the foreground, not for the cluster.
  ::setsid();
  redirectOutput(dir.file("cluster.log"));
  const int signals = ::signalfd(-1, &stop, SFD_CLOEXEC);

  const bool root = sys::privileged();
  const auto init = sys::cloneChild(
      {.user = !root, .net = true, .pid = true, .mount = true, .uts = true, .ipc = true}, [&] {
        ::close(signals);
        return runInit({options, dir.path(), apiFd, ready});
      });
  ::close(apiFd);
  if (!init) {
    report(ready, {{"error", init.error().text()}});
    dir.remove();
    ::_exit(1);
  }
  report(ready, {{"init", init->pid}});
  ::close(ready);
  watchOver(*init, signals);
  dir.remove();
  ::_exit(0);
}

/// Reads the lines that monitor and init report until the cluster is ready.
Result<pid_t> awaitReady(int ready, const RunDir& dir) {
  std::string text;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(ready, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  pid_t init = 0;
  bool isReady = false;
  for (const std::string_view line : split(text, '\n')) {
    const auto value = kube::parseJson(line);
    if (!value || !value->is_object()) {
      continue;
    }
    const auto& object = value->get_object();
    if (const std::string_view error = kube::text(object, {"error"}); !error.empty()) {
      return fail(ErrorKind::kInternal, std::string(error));
    }
    init = static_cast<pid_t>(kube::integer(object, {"init"}, init));
    isReady = isReady || kube::boolean(object, {"ready"});
  }
  if (init == 0 || !isReady) {
    return fail(ErrorKind::kInternal, "the cluster ended while it was starting",
                "see " + dir.file("cluster.log"));
  }
  return init;
}

}  // namespace

Result<ClusterInfo> launch(const LaunchOptions& options) {
  const RunDir dir = TRY(RunDir::of(options.name));
  TRY_VOID(dir.prepare());
  const int apiFd = TRY(listenForApi(options.apiPort));
  const std::uint16_t port = TRY(sys::boundPort(apiFd));
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  const pid_t caller = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return osFail("cannot start a process");
  }
  if (child == 0) {
    ::close(ready[0]);
    monitor(options, dir, apiFd, ready[1], caller);
  }
  ::close(apiFd);
  ::close(ready[1]);
  const auto init = awaitReady(ready[0], dir);
  ::close(ready[0]);
  if (!init) {
    return tl::unexpected<Error>(init.error());
  }
  ClusterInfo info;
  info.name = options.name;
  info.profile = options.profile.name;
  info.server = fmt::format("https://127.0.0.1:{}", port);
  info.kubeconfig = dir.file("kubeconfig");
  info.stateDir = dir.file("state");
  for (int i = 1; i <= options.nodes; ++i) {
    info.nodes.push_back(nodeName(i));
  }
  info.init = sys::processOf(*init).value_or(sys::ProcessId{});
  info.monitor = sys::processOf(child).value_or(sys::ProcessId{});
  TRY_VOID(dir.write(info));
  return info;
}

Status stopCluster(const ClusterInfo& info) {
  const RunDir dir = TRY(RunDir::of(info.name));
  if (sys::alive(info.monitor)) {
    TRY_VOID(sys::signalProcess(info.monitor, SIGTERM));
    if (!sys::waitGone(info.monitor, 4 * kStopGrace)) {
      return fail(ErrorKind::kUnavailable, fmt::format("cluster '{}' does not end", info.name),
                  fmt::format("kill -9 {}", info.init.pid));
    }
    return {};
  }
  // The monitor was killed: end process 1 and clear up in its stead.
  if (const Status sent = sys::signalProcess(info.init, SIGKILL); sent) {
    sys::waitGone(info.init, kStopGrace);
  }
  dir.remove();
  return {};
}

}  // namespace hitless::app

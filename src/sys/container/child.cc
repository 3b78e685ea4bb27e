#include "sys/container/child.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace hitless::sys {

Result<std::shared_ptr<Child>> Child::clone(boost::asio::io_context& io, std::uint64_t flags) {
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) {
    return osFail("cannot make a process");
  }
  if (pid == 0) {
    return std::shared_ptr<Child>();
  }
  return std::make_shared<Child>(io, pid, pidfd);
}

Child::Child(boost::asio::io_context& io, pid_t pid, int pidfd)
    : pid_(pid), pidfd_(pidfd), watched_(io, ::fcntl(pidfd, F_DUPFD_CLOEXEC, 3)) {}

void Child::onExit(std::function<void(ChildExit)> exited) {
  exited_ = std::move(exited);
  await();
}

void Child::await() {
  watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error) {
                          self->reap();
                        }
                      });
}

void Child::reap() {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0) {
    await();
    return;
  }
  const bool signalled = info.si_code != CLD_EXITED;
  const ChildExit exit{signalled ? 128 + info.si_status : info.si_status,
                       signalled ? info.si_status : 0};
  watched_.close();
  if (const auto exited = std::exchange(exited_, nullptr)) {
    exited(exit);
  }
}

Status Child::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) != 0 && errno != ESRCH) {
    return osFail("cannot signal a process");
  }
  return {};
}

}  // namespace hitless::sys

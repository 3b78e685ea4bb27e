#include "sys/doctor/xtables_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hitless::sys {
namespace {

/// flock() has no time limit. A child waits in our stead: the lock belongs to the open file, which
/// both have. False if the time is over.
bool waitForLock(int fd, nanoseconds wait) {
  const pid_t child = ::fork();
  if (child < 0) {
    return false;
  }
  if (child == 0) {
    ::_exit(::flock(fd, LOCK_EX) == 0 ? 0 : 1);
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd waited{pidfd, POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  const bool ended = pidfd >= 0 && ::poll(&waited, 1, static_cast<int>(milliseconds)) == 1;
  if (!ended) {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (pidfd >= 0) {
    ::close(pidfd);
  }
  // A child that was killed may have got the lock just before: it is ours then, and asking again
  // tells.
  return (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
         ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

Result<XtablesLock> XtablesLock::take(const std::string& file, nanoseconds wait) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return osFail(fmt::format("cannot open the xtables lock {}", file));
  }
  XtablesLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 || waitForLock(fd, wait)) {
    return lock;
  }
  return fail(ErrorKind::kUnavailable, fmt::format("the xtables lock {} is held by others", file),
              "`hitless doctor --only xtables-lock` tells who holds it");
}

XtablesLock::~XtablesLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace hitless::sys

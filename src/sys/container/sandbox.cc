#include "sys/container/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sys/container/pipe.h"

namespace hitless::sys {
namespace {

Result<Fd> openNamespace(pid_t pid, const char* name) {
  const std::string path = fmt::format("/proc/{}/ns/{}", pid, name);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return tl::unexpected<Error>(osError("cannot open").about(path));
  }
  return fd;
}

/// A process that only makes the namespaces exist until somebody else holds them. It is a process
/// rather than unshare(), because a node in a user namespace may leave the namespaces that it was
/// born in but not return to them.
class Maker {
 public:
  static Result<Maker> start(std::uint64_t flags, const std::string& hostname) {
    Pipe ready = TRY(Pipe::create());
    Maker maker;
    clone_args args{};
    args.flags = flags;
    args.exit_signal = SIGCHLD;
    maker.pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
    if (maker.pid_ < 0) {
      return osFail("cannot make namespaces for a pod");
    }
    if (maker.pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool named =
          (flags & CLONE_NEWUTS) == 0 || ::sethostname(hostname.data(), hostname.size()) == 0;
      const char byte = named ? 'y' : 'n';
      [[maybe_unused]] const auto written = ::write(ready.writeEnd.get(), &byte, 1);
      while (true) {
        ::pause();
      }
    }
    ready.writeEnd.reset();
    char byte = 0;
    if (::read(ready.readEnd.get(), &byte, 1) != 1 || byte != 'y') {
      return invalid(fmt::format("cannot set the host name \"{}\"", hostname));
    }
    return maker;
  }
  Maker(Maker&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ~Maker() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  pid_t pid() const { return pid_; }

 private:
  Maker() = default;
  pid_t pid_ = -1;
};

}  // namespace

Result<Sandbox> Sandbox::create(const std::string& hostname, bool hostNetwork,
                                const std::function<Status()>& inside) {
  const std::uint64_t own = hostNetwork ? 0 : CLONE_NEWNET | CLONE_NEWUTS;
  const Maker maker = TRY(Maker::start(CLONE_NEWIPC | own, hostname));
  Sandbox sandbox;
  sandbox.ipc_ = TRY(openNamespace(maker.pid(), "ipc"));
  if (!hostNetwork) {
    sandbox.network_ = TRY(openNamespace(maker.pid(), "net"));
    sandbox.uts_ = TRY(openNamespace(maker.pid(), "uts"));
  }
  TRY_VOID(sandbox.enterNetwork(inside));
  return sandbox;
}

Status Sandbox::enterNetwork(const std::function<Status()>& inside) const {
  if (!network_.valid()) {
    return inside();
  }
  const Fd home = TRY(openNamespace(::getpid(), "net"));
  if (::setns(network_.get(), CLONE_NEWNET) != 0) {
    return osFail("cannot enter the pod's network namespace");
  }
  Status status = inside();
  if (::setns(home.get(), CLONE_NEWNET) != 0) {
    // A process that cannot go home would do its work in a pod's network: it must not go on.
    std::perror("cannot return to the node's network namespace");
    std::abort();
  }
  return status;
}

}  // namespace hitless::sys

#include "sys/process/namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>

namespace hitless::sys {
namespace {

std::uint64_t cloneFlags(const NamespaceSet& set) {
  return (set.user ? CLONE_NEWUSER : 0U) | (set.net ? CLONE_NEWNET : 0U) |
         (set.pid ? CLONE_NEWPID : 0U) | (set.mount ? CLONE_NEWNS : 0U) |
         (set.uts ? CLONE_NEWUTS : 0U) | (set.ipc ? CLONE_NEWIPC : 0U);
}

Status writeFile(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return osFail("cannot open " + path);
  }
  const bool ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int err = errno;
  ::close(fd);
  if (!ok) {
    return osFail("cannot write " + path, err);
  }
  return {};
}

/// One id of ours appears as 0 inside; an unprivileged process may map no more
/// (user_namespaces(7)).
Status mapIds(pid_t pid) {
  const std::string base = fmt::format("/proc/{}/", pid);
  TRY_VOID(writeFile(base + "setgroups", "deny"));
  TRY_VOID(writeFile(base + "uid_map", fmt::format("0 {} 1\n", geteuid())));
  return writeFile(base + "gid_map", fmt::format("0 {} 1\n", getegid()));
}

Error explainClone(const NamespaceSet& set, int err) {
  Error error = osError("cannot make namespaces", err);
  if (set.user) {
    error.hint =
        "this machine forbids user namespaces to ordinary users (sysctl "
        "kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns, user.max_user_namespaces); run as root";
  }
  return error;
}

}  // namespace

Result<ChildProcess> cloneChild(const NamespaceSet& set, const std::function<int()>& body) {
  int mapped[2];
  if (::pipe2(mapped, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  ChildProcess child;
  clone_args args{};
  args.flags = cloneFlags(set) | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&child.pidfd);
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) {
    const int err = errno;
    ::close(mapped[0]);
    ::close(mapped[1]);
    return tl::unexpected<Error>(explainClone(set, err));
  }
  if (pid == 0) {
    ::close(mapped[1]);
    char go = 0;
    const bool ok = ::read(mapped[0], &go, 1) == 1;
    ::close(mapped[0]);
    ::_exit(ok ? body() : 126);
  }
  child.pid = pid;
  ::close(mapped[0]);
  Status status;
  if (set.user) {
    status = mapIds(pid);
  }
  if (status && ::write(mapped[1], "1", 1) != 1) {
    status = osFail("cannot start the child");
  }
  ::close(mapped[1]);
  if (!status) {
    ::waitpid(pid, nullptr, 0);
    ::close(child.pidfd);
    return tl::unexpected<Error>(std::move(status).error());
  }
  return child;
}

bool privileged() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) {
    return false;
  }
  const auto has = [&](unsigned cap) {
    return (data[cap / 32].effective & (1U << (cap % 32))) != 0;
  };
  return geteuid() == 0 && has(CAP_SYS_ADMIN) && has(CAP_NET_ADMIN);
}

Result<int> openNamespace(pid_t pid, const char* name) {
  const int fd = ::open(fmt::format("/proc/{}/ns/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return osFail(fmt::format("cannot open the {} namespace of process {}", name, pid));
  }
  return fd;
}

namespace {

bool same(const char* ours, int theirs) {
  struct stat a {};
  struct stat b {};
  return ::stat(ours, &a) == 0 && ::fstat(theirs, &b) == 0 && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev;
}

}  // namespace

Status joinNamespaces(pid_t pid, std::initializer_list<const char*> names) {
  std::vector<int> fds;
  Status status;
  for (const char* name : names) {
    auto fd = openNamespace(pid, name);
    if (!fd) {
      status = tl::unexpected<Error>(std::move(fd).error());
      break;
    }
    fds.push_back(*fd);
  }
  std::size_t at = 0;
  for (const char* name : names) {
    if (!status) {
      break;
    }
    const int fd = fds[at++];
    const bool skip = std::strcmp(name, "user") == 0 && same("/proc/self/ns/user", fd);
    if (!skip && ::setns(fd, 0) != 0) {
      status = osFail(fmt::format("cannot join the {} namespace of process {}", name, pid));
    }
  }
  for (const int fd : fds) {
    ::close(fd);
  }
  return status;
}

}  // namespace hitless::sys

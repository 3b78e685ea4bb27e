#include "sys/process/instance_lock.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "sys/process/process.h"

namespace hitless::sys {
namespace {

/// An abstract unix address: it belongs to the network namespace, as packet rules do.
struct Address {
  explicit Address(const std::string& name) {
    const std::size_t length = std::min(name.size(), sizeof un.sun_path - 1);
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path + 1, name.data(), length);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }

  sockaddr_un un{};
  socklen_t size = 0;
};

Result<int> openSocket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? Result<int>(osFail("open a unix socket")) : Result<int>(fd);
}

}  // namespace

std::string describe(const InstanceLock::Holder& holder) {
  if (holder.pid == 0) {
    return "a process in another pid namespace";
  }
  return holder.command.empty() ? fmt::format("process {}", holder.pid)
                                : fmt::format("process {} ({})", holder.pid, holder.command);
}

Result<std::optional<InstanceLock::Holder>> InstanceLock::holderOf(const std::string& name) {
  const InstanceLock probe(TRY(openSocket()));
  const Address address(name);
  // EAGAIN: thousands have asked already, and nobody takes their connections.
  if (::connect(probe.fd_, address.get(), address.size) != 0) {
    return errno == EAGAIN ? std::make_optional(Holder{}) : std::nullopt;
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(probe.fd_, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return osFail("ask who holds " + name);
  }
  Holder holder{peer.pid, {}};
  if (peer.pid > 0) {
    holder.command = join(commandLineOf(peer.pid), " ");
  }
  return std::make_optional(std::move(holder));
}

Result<InstanceLock> InstanceLock::take(const std::string& name) {
  InstanceLock lock(TRY(openSocket()));
  const Address address(name);
  if (::bind(lock.fd_, address.get(), address.size) != 0) {
    if (errno != EADDRINUSE) {
      return osFail("take the name " + name);
    }
    const std::optional<Holder> holder = TRY(holderOf(name));
    return fail(ErrorKind::kConflict, fmt::format("{} runs here already",
                                                  holder ? describe(*holder) : "another process"));
  }
  // Listening makes the kernel note who we are; nobody is ever accepted.
  if (::listen(lock.fd_, SOMAXCONN) != 0) {
    return osFail("take the name " + name);
  }
  return lock;
}

InstanceLock::InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

InstanceLock& InstanceLock::operator=(InstanceLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace hitless::sys

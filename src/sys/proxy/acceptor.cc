#include "sys/proxy/acceptor.h"

#include <cerrno>

#include "sys/proxy/tcp.h"

namespace hitless::sys {
namespace {

/// Connections in a row, so that those that are there are not kept waiting.
constexpr int kAcceptsInARow = 64;

}  // namespace

Acceptor::Acceptor(EventLoop& loop, Fd fd, Accepted accepted)
    : loop_(loop),
      fd_(std::move(fd)),
      accepted_(std::move(accepted)),
      resume_(loop, [this] { loop_.change(fd_.get(), EPOLLIN, *this); }) {}

Acceptor::~Acceptor() {
  if (fd_.get() >= 0) {
    loop_.remove(fd_.get(), *this);
  }
}

Status Acceptor::start() {
  return loop_.add(fd_.get(), EPOLLIN, *this);
}

void Acceptor::pause(nanoseconds time) {
  loop_.change(fd_.get(), 0, *this);
  resume_.set(loop_.now() + time);
}

void Acceptor::onEvents(std::uint32_t) {
  drain();
}

bool Acceptor::drain() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    proxy::Address peer;
    Fd fd = acceptFrom(fd_.get(), peer);
    if (fd.get() >= 0) {
      accepted_(*this, std::move(fd), peer);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      pause(milliseconds(50));
      return false;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return true;
    }
  }
  return false;
}

}  // namespace hitless::sys

#include "sys/proxy/sniffer.h"

#include <sys/socket.h>

#include <array>

namespace hitless::sys {

using proxy::Sniffed;

Sniffer::Sniffer(EventLoop& loop, Fd fd, nanoseconds patience, Done done)
    : loop_(loop),
      fd_(std::move(fd)),
      done_(std::move(done)),
      patience_(loop, [this] { finish({}); }),
      wait_(patience) {}

Sniffer::~Sniffer() {
  if (fd_.get() >= 0) {
    loop_.remove(fd_.get(), *this);
  }
}

Status Sniffer::start() {
  patience_.set(loop_.now() + wait_);
  // Once per arrival: what is there stays there.
  return loop_.add(fd_.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, *this);
}

Fd Sniffer::take() {
  loop_.remove(fd_.get(), *this);
  return std::move(fd_);
}

void Sniffer::finish(Seen seen) {
  patience_.cancel();
  const Done done = std::move(done_);
  done(*this, std::move(seen));
}

void Sniffer::onEvents(std::uint32_t events) {
  std::array<char, 4096> buffer;
  const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), MSG_PEEK);
  const std::string_view bytes(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  Seen seen{proxy::sniff(bytes), {}};
  if (seen.what == Sniffed::kTls) {
    const auto name = proxy::serverNameOf(bytes);
    if (!name && !ended && bytes.size() < buffer.size()) {
      return;
    }
    seen.serverName = name.value_or("");
  } else if (seen.what == Sniffed::kMore) {
    if (!ended) {
      return;
    }
    seen.what = Sniffed::kOther;
  }
  finish(std::move(seen));
}

}  // namespace hitless::sys

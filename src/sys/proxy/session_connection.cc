#include "sys/proxy/session_connection.h"

#include <sys/ioctl.h>

#include <array>
#include <cerrno>

#include "sys/load/socket.h"
#include "sys/proxy/tcp.h"

namespace hitless::sys {
namespace {

/// One read. Shared by all connections of a thread: what comes is handed on at once.
constexpr std::size_t kReadSize = 64 * 1024;
/// Reads in a row, so that a busy connection does not starve the others.
constexpr int kReadsInARow = 4;
/// How long a peer may take to read what was sent last.
constexpr nanoseconds kLinger = seconds(1);

char* readBuffer() {
  static thread_local std::array<char, kReadSize> buffer;
  return buffer.data();
}

}  // namespace

SessionConnection::~SessionConnection() {
  abandon();
}

Status SessionConnection::watch(bool connecting) {
  phase_ = connecting                 ? Phase::kConnecting
           : transport_.handshaking() ? Phase::kHandshaking
                                      : Phase::kOpen;
  interest_ = connecting ? EPOLLOUT : EPOLLIN;
  return loop_.add(transport_.fd(), interest_, *this);
}

void SessionConnection::abandon() {
  if (phase_ == Phase::kOver) {
    return;
  }
  phase_ = Phase::kOver;
  if (transport_.fd() >= 0) {
    loop_.remove(transport_.fd(), *this);
  }
}

std::size_t SessionConnection::unacknowledgedBytes() const {
  return unacknowledged(transport_.fd()).value_or(0);
}

bool SessionConnection::receiveQueueEmpty() const {
  int bytes = 0;
  return ioctl(transport_.fd(), FIONREAD, &bytes) == 0 && bytes == 0;
}

void SessionConnection::updateInterest() {
  if (phase_ == Phase::kOver) {
    return;
  }
  std::uint32_t wanted = 0;
  switch (phase_) {
    case Phase::kConnecting:
      wanted = EPOLLOUT;
      break;
    case Phase::kHandshaking:
      wanted = EPOLLIN | (transport_.wantsWrite() ? EPOLLOUT : 0U);
      break;
    case Phase::kOpen: {
      proxy::Session* const peer = speaker();
      const bool reads = !peerEnded_ && (peer == nullptr || peer->reads());
      wanted = (reads ? EPOLLIN : 0U) | (blocked_ || transport_.wantsWrite() ? EPOLLOUT : 0U);
      break;
    }
    case Phase::kLingering:
      wanted = EPOLLIN;
      break;
    case Phase::kOver:
      break;
  }
  if (wanted != interest_) {
    interest_ = wanted;
    loop_.change(transport_.fd(), wanted, *this);
  }
}

void SessionConnection::onEvents(std::uint32_t events) {
  if (phase_ == Phase::kConnecting) {
    if (const int error = pendingError(transport_.fd()); error != 0) {
      return fail(error);
    }
    phase_ = transport_.handshaking() ? Phase::kHandshaking : Phase::kOpen;
    if (phase_ == Phase::kOpen) {
      established();
      return flushSoon();
    }
  }
  if (phase_ == Phase::kHandshaking) {
    return advanceHandshake();
  }
  if (phase_ == Phase::kLingering) {
    return discard();
  }
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    flushSoon();
  }
  const bool wantsRead = (interest_ & EPOLLIN) != 0;
  if (wantsRead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    return readAll();
  }
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    const int error = pendingError(transport_.fd());
    fail(error != 0 ? error : ECONNRESET);
  }
}

void SessionConnection::advanceHandshake() {
  const IoResult result = transport_.handshake();
  switch (result.state) {
    case IoResult::State::kAgain:
      return updateInterest();
    case IoResult::State::kDone:
      phase_ = Phase::kOpen;
      established();
      if (phase_ == Phase::kOpen) {
        readAll();  // it may have come with the handshake's last bytes
      }
      return;
    case IoResult::State::kEnd:
    case IoResult::State::kError:
      return fail(result.error != 0 ? result.error : EPROTO);
  }
}

void SessionConnection::readAll() {
  for (int i = 0; i < kReadsInARow && phase_ == Phase::kOpen; ++i) {
    proxy::Session* const peer = speaker();
    if (peer != nullptr && !peer->reads()) {
      break;
    }
    const IoResult result = transport_.read(readBuffer(), kReadSize);
    if (result.state == IoResult::State::kAgain) {
      break;
    }
    if (result.state == IoResult::State::kError) {
      return fail(result.error);
    }
    if (result.state == IoResult::State::kEnd) {
      peerEnded_ = true;
      if (peer == nullptr) {
        return fail(0);
      }
      tellEnd();
      break;
    }
    const std::string_view bytes(readBuffer(), result.count);
    touched();
    peer == nullptr ? receiveFirst(bytes) : peer->receive(bytes);
    if (result.count < kReadSize && !transport_.buffered()) {
      break;
    }
  }
  flushSoon();
}

void SessionConnection::flushSoon() {
  if (!dirty_ && phase_ != Phase::kOver) {
    dirty_ = true;
    loop_.defer([this] { flush(); });
  }
}

void SessionConnection::flush() {
  dirty_ = false;
  proxy::Session* const peer = speaker();
  if (phase_ != Phase::kOpen || peer == nullptr) {
    return updateInterest();
  }
  while (!blocked_) {
    const std::string_view output = peer->output();
    if (output.empty()) {
      peer->wrote(0);  // some things are only told when bytes are
      break;
    }
    const IoResult result = transport_.write(output);
    if (result.state == IoResult::State::kError || result.state == IoResult::State::kEnd) {
      return readRestAndFail(result.error);
    }
    if (result.state == IoResult::State::kAgain) {
      blocked_ = true;
      break;
    }
    bytesWritten_ += result.count;
    touched();
    peer->wrote(result.count);
    if (phase_ != Phase::kOpen) {
      return;
    }
    blocked_ = result.count < output.size() && !transport_.tls();
  }
  if (peer->finished() && peer->output().empty()) {
    return endGracefully();
  }
  updateInterest();
}

/// A peer that has answered early and closed can be read although it cannot be written to.
void SessionConnection::readRestAndFail(int error) {
  proxy::Session* const peer = speaker();
  while (peer->reads() && phase_ == Phase::kOpen) {
    const IoResult result = transport_.read(readBuffer(), kReadSize);
    if (result.state != IoResult::State::kDone) {
      break;
    }
    peer->receive({readBuffer(), result.count});
  }
  fail(error);
}

void SessionConnection::tellEnd() {
  constexpr int kMostVerdicts = 200;
  constexpr nanoseconds kBetween = milliseconds(5);
  if (holdsEnd() && verdictsAwaited_++ < kMostVerdicts) {
    if (verdict_ == nullptr) {
      verdict_ = std::make_unique<Timer>(loop_, [this] {
        tellEnd();
        flushSoon();
      });
    }
    verdict_->set(loop_.now() + kBetween);
    return;
  }
  speaker()->receiveEnd();
}

void SessionConnection::fail(int error) {
  if (phase_ == Phase::kOver) {
    return;
  }
  endError_ = error;
  const std::string text = transport_.errorText();
  if (phase_ == Phase::kLingering) {
    error = 0;
  } else if (proxy::Session* const peer = speaker(); peer != nullptr) {
    peer->receiveEnd();
  }
  abandon();
  over(error, text);
}

/// Closing a connection on which bytes wait to be read sends a reset, which may destroy at the peer
/// what was sent just before. So: no more from us, and what still comes is read until the peer has
/// closed, too.
void SessionConnection::endGracefully() {
  if (phase_ == Phase::kOver || phase_ == Phase::kLingering) {
    return;  // a timer may find what has ended in the same turn of the loop
  }
  if (peerEnded_ || !lingers()) {
    abandon();
    return over(0, {});
  }
  phase_ = Phase::kLingering;
  transport_.endWrites();
  linger_ = std::make_unique<Timer>(loop_, [this] { fail(0); });
  linger_->set(loop_.now() + kLinger);
  updateInterest();
}

void SessionConnection::discard() {
  for (int i = 0; i < kReadsInARow; ++i) {
    const IoResult result = transport_.read(readBuffer(), kReadSize);
    if (result.state == IoResult::State::kAgain) {
      return;
    }
    if (result.state != IoResult::State::kDone) {
      return fail(0);
    }
  }
}

}  // namespace hitless::sys

#include "sys/proxy/tcp_tunnel.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

#include "sys/proxy/tcp.h"

namespace hitless::sys {

using proxy::Flag;

namespace {

/// Reads and writes of one direction before other connections have their turn.
constexpr int kStepsInARow = 16;

proxy::RequestRecord recordOf(const TcpTunnel::Origin& origin, const EventLoop& loop) {
  proxy::RequestRecord record;
  record.start = loop.clock().wall();
  record.listener = origin.listener;
  record.downstreamLocal = origin.local;
  record.downstreamRemote = origin.remote;
  record.cluster = origin.cluster;
  record.upstreamPod = origin.pod;
  record.serverName = origin.serverName;
  return record;
}

}  // namespace

TcpTunnel::TcpTunnel(TunnelContext& context, Fd client, Fd upstream, proxy::Address to,
                     Origin origin)
    : context_(context),
      client_(*this, std::move(client)),
      upstream_(*this, std::move(upstream)),
      started_(context.loop().now()),
      record_(recordOf(origin, context.loop())) {
  record_.upstream = to;
  record_.attempts = 1;
}

proxy::RequestRecord TcpTunnel::failed(const Origin& origin, const EventLoop& loop,
                                       proxy::Flag why) {
  proxy::RequestRecord record = recordOf(origin, loop);
  record.flags = record.flags | why;
  return record;
}

TcpTunnel::~TcpTunnel() = default;

Status TcpTunnel::start(nanoseconds connectTimeout) {
  TRY_VOID(context_.loop().add(client_.fd.get(), 0, client_));
  upstream_.interest = EPOLLOUT;
  TRY_VOID(context_.loop().add(upstream_.fd.get(), EPOLLOUT, upstream_));
  connectTimer_ = std::make_unique<Timer>(context_.loop(), [this] { over(ETIMEDOUT); });
  connectTimer_->set(context_.loop().now() + connectTimeout);
  return {};
}

void TcpTunnel::onEvents(Side& side, std::uint32_t events) {
  if (connecting_) {
    if (&side == &client_) {
      return over(ECONNRESET);  // the client did not wait
    }
    if (const int error = pendingError(upstream_.fd.get()); error != 0) {
      return over(error);
    }
    connecting_ = false;
    connectTimer_.reset();
    record_.upstreamLocal = localAddress(upstream_.fd.get());
  }
  // A reset. What it had sent before has been thrown away by the kernel.
  if ((events & EPOLLERR) != 0) {
    return over(pendingError(side.fd.get()));
  }
  if (!pump(client_, upstream_) || !pump(upstream_, client_)) {
    return;
  }
  if (client_.wroteEnd && upstream_.wroteEnd) {
    return over(0);
  }
  updateInterest(client_, upstream_);
  updateInterest(upstream_, client_);
}

/// Reads and writes until one of the two has to be waited for, or others are to have their turn.
/// False: it is over.
bool TcpTunnel::pump(Side& from, Side& to) {
  for (int step = 0; step < kStepsInARow; ++step) {
    if (from.begin < from.end) {
      const ssize_t count =
          send(to.fd.get(), from.buffer->data() + from.begin, from.end - from.begin, MSG_NOSIGNAL);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
      }
      if (count < 0) {
        over(errno);
        return false;
      }
      from.begin += static_cast<std::size_t>(count);
      continue;
    }
    from.begin = from.end = 0;
    if (from.readEnded) {
      from.buffer.reset();
      if (!to.wroteEnd) {
        to.wroteEnd = true;
        shutdown(to.fd.get(), SHUT_WR);
      }
      return true;
    }
    if (from.buffer == nullptr) {
      from.buffer = std::make_unique<std::array<char, kBuffer>>();
    }
    const ssize_t count = recv(from.fd.get(), from.buffer->data(), kBuffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      from.buffer.reset();
      return true;
    }
    if (count < 0) {
      over(errno);
      return false;
    }
    from.readEnded = count == 0;
    from.end = static_cast<std::size_t>(count);
    from.received += static_cast<std::uint64_t>(count);
  }
  return true;
}

void TcpTunnel::updateInterest(Side& side, const Side& other) {
  if (side.readEnded && side.wroteEnd) {
    // Hung up in both directions, which the kernel would tell again and again.
    if (!side.unwatched) {
      side.unwatched = true;
      context_.loop().remove(side.fd.get(), side);
    }
    return;
  }
  const bool reads = !side.readEnded && side.begin == side.end;
  const bool writes = other.begin < other.end;
  const std::uint32_t wanted = (reads ? EPOLLIN : 0U) | (writes ? EPOLLOUT : 0U);
  if (wanted != side.interest) {
    side.interest = wanted;
    context_.loop().change(side.fd.get(), wanted, side);
  }
}

void TcpTunnel::cut() {
  record_.flags = record_.flags | Flag::kLocalReset;
  over(0);
}

void TcpTunnel::over(int error) {
  if (over_) {
    return;
  }
  over_ = true;
  context_.loop().remove(client_.fd.get(), client_);
  context_.loop().remove(upstream_.fd.get(), upstream_);
  if (error != 0 && connecting_) {
    record_.flags = record_.flags | Flag::kUpstreamConnectionFailure;
    record_.transportFailure = fmt::format("delayed connect error: {}", error);
    resetOnClose(client_.fd.get());  // the client must not take it for an orderly end
  } else if (error != 0) {
    resetOnClose(client_.fd.get());
    resetOnClose(upstream_.fd.get());
  }
  record_.bytesReceived = client_.received;
  record_.bytesSent = upstream_.received;
  record_.duration = context_.loop().now() - started_;
  client_.fd.reset();
  upstream_.fd.reset();
  context_.tunnelOver(*this, record_);
}

}  // namespace hitless::sys

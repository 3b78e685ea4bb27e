#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "core/load/failure.h"
#include "core/load/response_parser.h"
#include "sys/load/socket.h"

namespace hitless::sys {

/// One request on its way.
struct Exchange {
  MonoTime scheduled{};
  std::optional<MonoTime> connect;
  std::optional<MonoTime> written;
  int attempt = 1;
  bool reused = false;       ///< The connection carried a request before.
  std::size_t sent = 0;      ///< Bytes of the request that the kernel took.
  std::uint64_t serial = 0;  ///< Tells exchanges apart whose channel is the same.
};

/// One connection of the pool, with the request that is on it.
struct PooledConnection {
  enum class State {
    kUnused,
    kResolving,  ///< Waits for the host's address.
    kConnecting,
    kBusy,       ///< A request is being sent or answered.
    kIdle,       ///< Kept alive.
    kLingering,  ///< Answered for the last time; waits for the server to close first.
  };

  State state = State::kUnused;
  std::uint32_t generation = 0;  ///< Grows with each connection that uses this slot.
  Fd fd;
  load::Endpoint source;
  load::Endpoint destination;
  std::optional<MonoTime> resolved;  ///< A name server gave the destination's address then.
  Exchange exchange;
  load::ResponseParser parser;

  load::Phase phase(std::size_t requestSize) const {
    if (state == State::kConnecting) {
      return load::Phase::kConnecting;
    }
    if (parser.started()) {
      return load::Phase::kReadingResponse;
    }
    return exchange.sent < requestSize ? load::Phase::kWriting : load::Phase::kAwaitingResponse;
  }
};

/// All connections, in slots that are used again. Slots do not move.
class Pool {
 public:
  /// A free slot, counted as open from now on.
  std::uint32_t acquire();
  /// Closes the connection and frees its slot. The slot's generation changes.
  void release(std::uint32_t index);
  /// The answered connection waits for its next request.
  void park(std::uint32_t index);
  /// The connection that has been parked longest; nullopt if there is none.
  std::optional<std::uint32_t> takeParked();
  /// The answered connection carries no more requests; it no longer counts as open.
  void linger(std::uint32_t index);

  PooledConnection& operator[](std::uint32_t index) { return channels_[index]; }
  const PooledConnection& operator[](std::uint32_t index) const { return channels_[index]; }
  /// Connections that carry requests or may do so.
  std::size_t open() const { return open_; }

 private:
  struct Parked {
    std::uint32_t index;
    std::uint64_t serial;
  };

  std::deque<PooledConnection> channels_;
  std::vector<std::uint32_t> unused_;
  std::deque<Parked> parked_;  ///< Longest first; entries of closed connections are skipped.
  std::size_t open_ = 0;
};

}  // namespace hitless::sys

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hitless::testapp {

/// What all connections together have seen.
struct Counts {
  std::uint64_t received = 0;  ///< Requests whose head was complete.
  std::uint64_t answered = 0;
};

/// An answer that is asked for only later.
struct Delay {
  double seconds = 0;
  std::int32_t request = 0;  ///< For wake().
};

/// One client's connection, whatever it speaks: bytes in, bytes out. Knows nothing of sockets or
/// time.
class Session {
 public:
  virtual ~Session() = default;

  /// False if what came cannot be dealt with; the connection should be cut.
  virtual bool receive(std::string_view bytes) = 0;
  /// Handles what has been received as far as possible; call after receive(), wrote() and wake(),
  /// until it gives no delay. `leaving`: the server takes its leave, and clients should be told.
  virtual std::optional<Delay> advance(bool leaving) = 0;
  /// A delay is over.
  virtual void wake(std::int32_t request, bool leaving) = 0;

  /// The bytes to write now; refilled by wrote().
  virtual std::string_view pending() const = 0;
  virtual void wrote(std::size_t count) = 0;

  /// Everything is said; close once pending() is empty.
  virtual bool finished() const = 0;
  /// A server that leaves may close it without a word lost on this side.
  virtual bool idle() const = 0;
  /// Has never carried a request: the client has connected and may be about to send one.
  virtual bool fresh() const = 0;
  /// Requests that have begun and are not answered yet.
  virtual std::size_t inFlight() const = 0;
};

}  // namespace hitless::testapp

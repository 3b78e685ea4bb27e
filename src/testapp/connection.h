#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "testapp/request.h"

namespace hitless::testapp {

/// One client: bytes in, bytes out, one request at a time. Pipelined requests wait in the input.
/// Knows nothing of sockets or time.
class Connection {
 public:
  enum class State {
    kReading,  ///< Waits for a request or for the rest of one.
    kDelayed,  ///< Has a request that answers later.
    kWriting,  ///< An answer is not written out yet.
    kClosing,  ///< Everything is said; close once written.
  };

  struct Counts {
    std::uint64_t received = 0;  ///< Requests whose head was complete.
    std::uint64_t answered = 0;
  };

  Connection(const std::string& podName, Counts& counts) : podName_(podName), counts_(counts) {}

  /// False if more waits than a well-behaved client sends ahead; the connection should be cut.
  bool receive(std::string_view bytes);
  /// Handles what has been received as far as possible; call after receive(), wrote() and wake().
  /// Returns the delay to wait before wake() where a request asks for one.
  std::optional<double> advance(bool closeAfterAnswer);
  /// The delay is over: answers the waiting request.
  void wake(bool closeAfterAnswer);

  /// The bytes to write now; refilled by wrote().
  std::string_view pending() const { return std::string_view(out_).substr(sent_); }
  void wrote(std::size_t count);

  State state() const { return state_; }
  /// Nothing of a request has arrived and nothing is left to say.
  bool idle() const { return state_ == State::kReading && in_.empty() && skip_ == 0; }
  /// Has never carried a request: the client has connected and may be about to send one.
  bool fresh() const { return fresh_; }
  bool inFlight() const { return !idle() && state_ != State::kClosing; }

 private:
  std::optional<double> start(bool closeAfterAnswer);
  void answer(int status, std::string_view body, std::uint64_t fill, bool closeAfterAnswer);
  void skipBody();
  void refill();

  const std::string& podName_;
  Counts& counts_;
  State state_ = State::kReading;
  Request request_;
  std::string in_;
  std::string out_;
  std::size_t sent_ = 0;
  std::uint64_t skip_ = 0;  ///< Bytes of request body still to ignore.
  std::uint64_t fill_ = 0;  ///< Bytes of answer body still to make.
  bool close_ = false;
  bool fresh_ = true;
};

}  // namespace hitless::testapp

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "testapp/request.h"
#include "testapp/session.h"

namespace hitless::testapp {

/// HTTP/1.1, one request at a time. Pipelined requests wait in the input.
class Connection : public Session {
 public:
  enum class State {
    kReading,  ///< Waits for a request or for the rest of one.
    kDelayed,  ///< Has a request that answers later.
    kWriting,  ///< An answer is not written out yet.
    kClosing,  ///< Everything is said; close once written.
  };

  Connection(const std::string& podName, Counts& counts) : podName_(podName), counts_(counts) {}

  /// False if more waits than a well-behaved client sends ahead.
  bool receive(std::string_view bytes) override;
  /// `leaving`: the next answer is the last.
  std::optional<Delay> advance(bool leaving) override;
  void wake(std::int32_t request, bool leaving) override;

  std::string_view pending() const override { return std::string_view(out_).substr(sent_); }
  void wrote(std::size_t count) override;

  State state() const { return state_; }
  bool finished() const override { return state_ == State::kClosing; }
  /// Nothing of a request has arrived and nothing is left to say.
  bool idle() const override { return state_ == State::kReading && in_.empty() && skip_ == 0; }
  bool fresh() const override { return fresh_; }
  std::size_t inFlight() const override { return !idle() && !finished() ? 1 : 0; }

 private:
  std::optional<Delay> start(bool closeAfterAnswer);
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

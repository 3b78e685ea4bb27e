#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace hitless::load {

/// One request on its way over channels.
struct Rpc {
  MonoTime scheduled{};
  std::uint64_t serial = 0;  ///< Of the attempt; 0 if the slot is free.
  std::size_t client = 0;
  std::size_t host = 0;  ///< Of the URL's hosts the one that is tried.
  int attempt = 1;
  bool resent = false;  ///< The server had not processed it and it was sent once more.
  std::optional<std::size_t> connection;
  std::int32_t stream = 0;
  std::optional<MonoTime> written;
};

/// All requests in flight, in slots that are used again.
class RpcTable {
 public:
  std::size_t acquire() {
    if (unused_.empty()) {
      unused_.push_back(rpcs_.size());
      rpcs_.emplace_back();
    }
    const std::size_t index = unused_.back();
    unused_.pop_back();
    return index;
  }
  void release(std::size_t index) {
    rpcs_[index] = {};
    unused_.push_back(index);
  }
  std::size_t inUse() const { return rpcs_.size() - unused_.size(); }
  Rpc& operator[](std::size_t index) { return rpcs_[index]; }

 private:
  std::deque<Rpc> rpcs_;
  std::vector<std::size_t> unused_;
};

/// One attempt of a request: stale as soon as the slot has another.
struct RpcRef {
  std::size_t index = 0;
  std::uint64_t serial = 0;
};

}  // namespace hitless::load

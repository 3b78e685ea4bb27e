#include "sys/load/pool.h"

namespace hitless::sys {

std::uint32_t Pool::acquire() {
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(channels_.size()));
    channels_.emplace_back();
  }
  const std::uint32_t index = unused_.back();
  unused_.pop_back();
  ++open_;
  return index;
}

void Pool::release(std::uint32_t index) {
  PooledConnection& channel = channels_[index];
  open_ -= channel.state == PooledConnection::State::kLingering ? 0 : 1;
  channel.state = PooledConnection::State::kUnused;
  channel.fd.reset();
  ++channel.generation;
  unused_.push_back(index);
}

void Pool::park(std::uint32_t index) {
  channels_[index].state = PooledConnection::State::kIdle;
  parked_.push_back({index, channels_[index].exchange.serial});
}

std::optional<std::uint32_t> Pool::takeParked() {
  while (!parked_.empty()) {
    const Parked entry = parked_.front();
    parked_.pop_front();
    const PooledConnection& channel = channels_[entry.index];
    if (channel.state == PooledConnection::State::kIdle &&
        channel.exchange.serial == entry.serial) {
      return entry.index;
    }
  }
  return std::nullopt;
}

void Pool::linger(std::uint32_t index) {
  channels_[index].state = PooledConnection::State::kLingering;
  --open_;
}

}  // namespace hitless::sys

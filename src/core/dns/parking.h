#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ip_hash.h"

namespace hitless::dns {

struct ParkingOptions {
  /// How long a query may wait; 0: none does. glibc asks again after 5 s.
  nanoseconds limit = seconds(2);
  std::size_t most = 1024;     ///< Of all clients together.
  std::size_t mostOfOne = 32;  ///< Of one client address.
};

/// The queries that wait for a name to appear, in the order in which their time ends.
class Parking {
 public:
  using Ticket = std::uint64_t;

  explicit Parking(ParkingOptions options) : options_(options) {}

  /// nullopt if it is switched off or full.
  std::optional<Ticket> enter(const IpAddress& client, MonoTime now);
  /// Its place is free again.
  void leave(Ticket ticket);
  std::vector<Ticket> all() const;
  /// Those whose time has ended.
  std::vector<Ticket> expired(MonoTime now) const;
  /// When the next one's time ends.
  std::optional<MonoTime> deadline() const;
  std::size_t size() const { return places_.size(); }
  bool enabled() const { return options_.limit > nanoseconds{}; }

 private:
  struct Place {
    IpAddress client;
    MonoTime until;
  };

  ParkingOptions options_;
  Ticket next_ = 1;
  std::map<Ticket, Place> places_;  ///< All wait equally long: in order of tickets and of time.
  std::unordered_map<IpAddress, std::size_t, IpAddressHash> perClient_;
};

}  // namespace hitless::dns

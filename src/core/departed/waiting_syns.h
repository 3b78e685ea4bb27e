#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "core/departed/segment.h"

namespace hitless::departed {

/// The attempts to connect that wait for a pod: the newest SYN of each, as its client sent it.
/// What has no place is not lost: its client repeats it.
class WaitingSyns {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kMostOfClient = 32;

  struct Syn {
    conntrack::Tuple tuple;
    Bytes packet;
  };

  /// False if it is no SYN, or there is no place.
  bool add(std::span<const std::uint8_t> packet);
  /// Those to addresses that are none of these, in the order of their arrival. They are forgotten
  /// here.
  std::vector<Syn> takeAllBut(const std::set<IpAddress>& parked);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Kept {
    Bytes packet;
    std::uint64_t arrival = 0;
  };

  std::map<conntrack::Tuple, Kept> waiting_;
  std::map<IpAddress, std::size_t> perClient_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace hitless::departed

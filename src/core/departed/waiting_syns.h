#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

/// What is to be done about an attempt that has waited and now may go to `backend`.
enum class Resend {
  kNo,  ///< Its client has repeated it meanwhile and has got an answer.
  kYes,
  /// Connection tracking remembers an earlier attempt that went elsewhere; as long as it does, this
  /// one goes there, too.
  kAfterForgetting,
};
/// `tracked` is the flow of that tuple, if there is one. A flow that lives is never to be
/// forgotten: what follows in it would not be translated any more.
Resend resend(const std::optional<conntrack::Flow>& tracked, const IpAddress& backend);

}  // namespace hitless::departed

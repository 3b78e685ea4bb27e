#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "core/departed/directions.h"
#include "core/departed/live_addresses.h"
#include "core/departed/options.h"
#include "core/departed/own_addresses.h"
#include "core/departed/second_chances.h"
#include "core/departed/succession.h"
#include "core/service/snapshot.h"

namespace hitless::departed {

/// Follows the addresses of pods that go, from one snapshot to the next, and says what to do with
/// packets to them. An address enters when a slice shows its pod as terminating, or when a pod of
/// this node terminates or ends; it is gone when its pod has left all slices after that; it is
/// released when it is used again, or when its time is over. Not ready, or no longer selected, is
/// not going.
class Ledger {
 public:
  Ledger(std::string node, Options options)
      : node_(std::move(node)), options_(options), chances_(node_) {}

  /// Takes in the way from one snapshot to the next; `changes` says which Services may differ.
  void update(const service::Snapshot& before, const service::Snapshot& after,
              const service::Changes& changes);
  /// The pods of this node. True if something may have become of an address.
  bool applyPods(const watch::Update& update);
  void applyNodes(const watch::Update& update);
  /// A pod of this node is about to get its SIGTERM: its hooks have been called.
  void ending(const std::string& podUid);

  /// Takes over what another ledger has left, before anything else: the time of its addresses
  /// begins anew.
  void adopt(const Directions& left);

  /// Judges everything taken in so far, as of `now`.
  void settle(MonoTime now);

  /// As of the last settle().
  const Directions& directions() const { return directions_; }
  /// Grows whenever they may have changed.
  std::uint64_t generation() const { return generation_; }
  /// When settle() would change something although nothing was taken in.
  std::optional<MonoTime> deadline() const { return deadline_; }
  /// What has become of addresses since the last call.
  std::vector<Happening> takeHappenings() { return std::exchange(happenings_, {}); }
  std::size_t size() const { return departures_.size(); }

 private:
  struct Departure {
    std::uint32_t pod = 0;
    std::string name;  ///< Of the pod: "namespace/name".
    std::optional<Name> stable;
    bool local = false;        ///< On this node.
    bool published = false;    ///< Terminating, but ready all the same: publishNotReadyAddresses.
    bool ending = false;       ///< A pod of this node, and its hooks have been called.
    bool ended = false;        ///< A pod of this node, and it has ended.
    bool declines = false;     ///< A pod of this node that wants no second chance for connections.
    bool unclear = false;      ///< Its slice went with its Service: that says nothing of the pod.
    std::uint32_t listed = 0;  ///< In how many slices it is, terminating.
    bool wasListed = false;
    bool announced = false;  ///< Its succession knows that it is going.
    std::optional<MonoTime> gone;
    std::optional<MonoTime> parkedSince;
    std::optional<MonoTime> forwardedSince;
    std::optional<IpAddress> forwardedTo;
    std::optional<Turn> turn;  ///< The last one told.
    SecondChances::ByPort chances;
  };
  struct View;

  void takeSlices(const service::ServiceName& name, const service::ServiceState* before,
                  const service::ServiceState* after);
  void take(const service::ServiceName& name, const service::Slice& slice, std::size_t index);
  void drop(const service::Slice& slice, std::size_t index, bool serviceGone);
  Departure& enter(const IpAddress& ip, std::uint32_t pod);
  void takeOwn(const OwnAddresses::Pod& pod, bool ended);

  bool isOver(const IpAddress& ip, Departure& departure, MonoTime now, std::string& why) const;
  void judgeGone(const IpAddress& ip, Departure& departure, MonoTime now);
  void direct(const IpAddress& ip, Departure& departure, MonoTime now);
  void giveChances(const IpAddress& ip, Departure& departure);
  void tellChances(const IpAddress& ip, Departure& departure, const SecondChances::ByPort& now);
  bool park(const IpAddress& ip, Departure& departure, MonoTime now);
  void tell(const IpAddress& ip, Departure& departure, Turn turn, std::string detail = {});
  MonoTime tombstoneEnd(const Departure& departure) const;
  void remindAt(MonoTime time);
  void name(const IpAddress& ip, const Departure& departure);

  std::string node_;
  Options options_;
  LiveAddresses live_;
  OwnAddresses own_;
  NodeAddresses nodes_;
  Successions successions_;
  SecondChances chances_;
  std::map<IpAddress, Departure> departures_;
  Directions directions_;
  std::uint64_t generation_ = 0;
  bool unsettled_ = true;  ///< Something was taken in that may matter.
  std::optional<MonoTime> deadline_;
  std::vector<Happening> happenings_;
};

}  // namespace hitless::departed

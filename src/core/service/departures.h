#pragma once

#include <map>
#include <optional>

#include "base/clock.h"
#include "core/service/snapshot.h"

namespace hitless::service {

/// Cluster IPs that are gone but keep their rules for a while: somebody may have been told the
/// address a moment ago and be about to connect. Their endpoints stay what the cluster says as long
/// as it says anything of them: a Service's slices go with it.
class Departures {
 public:
  /// `linger`: how long; 0: not at all.
  explicit Departures(nanoseconds linger) : linger_(linger) {}

  /// Takes in the way from one snapshot to the next; `changes` says which Services may differ. The
  /// names under which overlay() shows departed addresses are added there as they come, change and
  /// go: when their time is over, or another Service takes the address.
  void update(const Snapshot& before, const Snapshot& after, Changes& changes, MonoTime now);

  /// `snapshot` with the departed addresses as Services of their own.
  Snapshot overlay(const Snapshot& snapshot) const;

  /// When the next one's time is over.
  std::optional<MonoTime> deadline() const;

 private:
  struct Departed {
    ServiceName origin;
    IpAddress address;
    ServiceState state;  ///< The Service with this address alone, and its endpoints.
    MonoTime until;
  };

  void depart(const ServiceName& name, const Snapshot& before, const Snapshot& after,
              Changes& changes, MonoTime now);
  void yieldTo(const Service& service, Changes& changes);
  void follow(const Snapshot& after, Changes& changes);

  nanoseconds linger_;
  std::map<ServiceName, Departed> departed_;  ///< By the name that overlay() shows.
};

}  // namespace hitless::service

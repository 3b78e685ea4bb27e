#pragma once

#include <map>
#include <optional>

#include "base/clock.h"
#include "core/service/snapshot.h"

namespace hitless::service {

/// Services that are gone but keep their rules for a while: somebody may have been told their
/// address a moment ago and be about to connect. Their endpoints stay what the cluster says.
class Departures {
 public:
  /// `linger`: how long; 0: not at all.
  explicit Departures(nanoseconds linger) : linger_(linger) {}

  /// Takes in the way from one snapshot to the next; `changes` says which Services may differ.
  /// Whatever else has to be programmed anew for it is added there: those whose time is over, and
  /// those whose address or port another Service takes.
  void update(const Snapshot& before, const Snapshot& after, Changes& changes, MonoTime now);

  /// `snapshot` with the departed Services as if they were there.
  Snapshot overlay(const Snapshot& snapshot) const;

  /// When the next one's time is over.
  std::optional<MonoTime> deadline() const;

 private:
  struct Departed {
    std::shared_ptr<const Service> service;
    MonoTime until;
  };

  void depart(const ServiceName& name, const Snapshot& before, const Snapshot& after, MonoTime now);
  void yieldTo(const ServiceName& name, const Snapshot& after, Changes& changes);

  nanoseconds linger_;
  std::map<ServiceName, Departed> departed_;
};

}  // namespace hitless::service

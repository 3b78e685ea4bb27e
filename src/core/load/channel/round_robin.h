#pragma once

#include <map>

#include "core/load/channel/balancer.h"

namespace hitless::load {

/// A connection to every address, kept up all the time; RPCs go to those that are READY, in turn.
/// It asks for new addresses whenever one is lost or cannot be reached (as C-core 1.51).
class RoundRobin : public Balancer {
 public:
  explicit RoundRobin(Host& host) : host_(host) {}
  void onAddresses(const std::vector<Address>& addresses) override;
  void onState(SubchannelId id) override;
  void exitIdle() override {}
  std::optional<SubchannelId> pick() override;
  bool uses(SubchannelId id) const override {
    return current_.count(id) > 0 || pending_.count(id) > 0;
  }

 private:
  /// The state that counts: one that failed counts as failed until it is READY.
  using Members = std::map<SubchannelId, Connectivity>;

  static std::size_t count(const Members& members, Connectivity state);
  void note(Members& members, SubchannelId id);
  void evaluate();

  Host& host_;
  Members current_;
  Members pending_;  ///< Newer addresses, none of which is READY, while an older one is.
  SubchannelId last_ = 0;
};

}  // namespace hitless::load

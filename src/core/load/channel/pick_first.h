#pragma once

#include "core/load/channel/balancer.h"

namespace hitless::load {

/// One connection: the addresses are tried in order, the first that answers is kept until it is
/// lost. Then the channel is IDLE until the next RPC. After all have failed it shows
/// TRANSIENT_FAILURE until one is READY or there are new addresses, whatever is tried meanwhile
/// (as C-core 1.51).
class PickFirst : public Balancer {
 public:
  explicit PickFirst(Host& host) : host_(host) {}
  void onAddresses(const std::vector<Address>& addresses) override;
  void onState(SubchannelId id) override;
  void exitIdle() override;
  std::optional<SubchannelId> pick() override { return selected_; }
  bool uses(SubchannelId id) const override;

 private:
  /// Addresses that are being tried.
  struct Tries {
    std::vector<SubchannelId> ids;
    std::size_t at = 0;
    bool failed = false;  ///< All have been tried in vain.
  };

  void attempt();
  void drive(Tries& tries);
  /// False: all have failed and the first is not ready for another attempt.
  bool advance(Tries& tries);
  void select(SubchannelId id);
  void loseSelected();

  Host& host_;
  std::vector<Address> latest_;
  Tries current_;
  Tries pending_;  ///< Of newer addresses, while the selected one is still good.
  std::optional<SubchannelId> selected_;
  bool idle_ = false;
};

}  // namespace hitless::load

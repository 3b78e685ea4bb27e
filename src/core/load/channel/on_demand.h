#pragma once

#include "core/load/channel/balancer.h"

namespace hitless::load {

/// What a plain HTTP/2 client does: a request that finds no connection has the name resolved and
/// its addresses tried once, in order; when all fail the requests that wait fail too, and nothing
/// happens until the next request.
class OnDemand : public Balancer {
 public:
  explicit OnDemand(Host& host) : host_(host) {}
  void onAddresses(const std::vector<Address>& addresses) override;
  void onNoAddress() override { giveUp(); }
  void onState(SubchannelId id) override;
  void exitIdle() override;
  std::optional<SubchannelId> pick() override { return selected_; }
  bool uses(SubchannelId id) const override;

 private:
  void giveUp();
  void drive();

  Host& host_;
  std::vector<SubchannelId> ids_;  ///< Being tried, from at_ on.
  std::size_t at_ = 0;
  std::optional<SubchannelId> selected_;
  bool trying_ = true;  ///< The channel resolves its name for its first request by itself.
};

}  // namespace hitless::load

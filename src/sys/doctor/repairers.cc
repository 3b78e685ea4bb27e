#include "sys/doctor/repairers.h"

#include <optional>

#include "sys/doctor/conntrack_repairer.h"
#include "sys/doctor/ipset_repairer.h"
#include "sys/doctor/legacy_repairer.h"
#include "sys/doctor/nft_repairer.h"
#include "sys/doctor/sysctl_repairer.h"
#include "sys/netlink/conntrack.h"

namespace hitless::sys {

struct Repairers::Parts {
  SysctlRepairer sysctl;
  IpSetRepairer ipset;
  LegacyRepairer legacy;
  NftRepairer nft;
  Result<Conntrack> flows = Conntrack::open();
  std::optional<ConntrackRepairer> conntrack;
};

Repairers::Repairers() : parts_(std::make_unique<Parts>()) {
  all_ = {&parts_->sysctl, &parts_->ipset, &parts_->legacy, &parts_->nft};
  if (parts_->flows) {
    all_.push_back(&parts_->conntrack.emplace(*parts_->flows));
  }
}

Repairers::~Repairers() = default;

}  // namespace hitless::sys

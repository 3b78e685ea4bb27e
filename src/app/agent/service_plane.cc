#include "app/agent/service_plane.h"

namespace hitless::app {

ServicePlane::ServicePlane(nft::Dataplane& dataplane, std::string node, rules::Options options)
    : node_(std::move(node)),
      fixedPodCidrs_(!options.podCidrs.empty()),
      options_(std::move(options)),
      programmer_(dataplane, {node_, {}}, options_) {}

bool ServicePlane::applyNodes(const watch::Update& update) {
  if (fixedPodCidrs_) {
    return false;
  }
  bool changed = false;
  for (const watch::Change& change : update.changes) {
    if (kube::text(*change.object, {"metadata", "name"}) != node_ ||
        change.type == watch::ChangeType::kDelete) {
      continue;
    }
    std::vector<Cidr> cidrs;
    for (const std::string& text : kube::nodeOf(*change.object).podCIDRs) {
      if (const auto cidr = Cidr::parse(text)) {
        cidrs.push_back(*cidr);
      }
    }
    changed = changed || cidrs != options_.podCidrs;
    options_.podCidrs = std::move(cidrs);
  }
  if (changed) {
    programmer_.configure(options_);
  }
  return changed;
}

Result<rules::SyncReceipt> ServicePlane::sync() {
  Result<rules::SyncReceipt> receipt = programmer_.sync(builder_.current(), changes_);
  if (receipt) {
    changes_ = {};
  }
  return receipt;
}

}  // namespace hitless::app

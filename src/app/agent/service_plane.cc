#include "app/agent/service_plane.h"

#include <algorithm>

namespace hitless::app {
namespace {

std::vector<Cidr> networksOf(const std::vector<std::string>& texts) {
  std::vector<Cidr> networks;
  for (const std::string& text : texts) {
    if (const auto network = Cidr::parse(text)) {
      networks.push_back(*network);
    }
  }
  return networks;
}

}  // namespace

ServicePlane::ServicePlane(nft::Dataplane& dataplane, PlaneOptions options, NamePublisher* names,
                           AddressKeeper* addresses)
    : options_(std::move(options)),
      view_{options_.node, options_.proxyName, {}, {}},
      names_(names),
      addresses_(addresses),
      departures_(options_.linger),
      programmer_(dataplane, view_, rules_) {
  rules_.families = {IpFamily::kV4, IpFamily::kV6};
  rules_.pods = options_.pods;
  rules_.masqueradeAll = options_.masqueradeAll;
  configure();
}

void ServicePlane::applyServices(const watch::Update& update) {
  const service::Snapshot before = builder_.current();
  take(before, builder_.applyServices(update));
}

void ServicePlane::applySlices(const watch::Update& update) {
  const service::Snapshot before = builder_.current();
  take(before, builder_.applyEndpointSlices(update));
}

/// Addresses are followed news by news: if a pod's termination and its end are committed together,
/// it has terminated all the same.
void ServicePlane::take(const service::Snapshot& before, service::Changes changes) {
  if (addresses_ != nullptr) {
    addresses_->update(before, builder_.current(), changes);
  }
  changes_.merge(std::move(changes));
}

bool ServicePlane::applyNodes(const watch::Update& update) {
  if (addresses_ != nullptr) {
    addresses_->applyNodes(update);
  }
  for (const watch::Change& change : update.changes) {
    if (kube::text(*change.object, {"metadata", "name"}) != options_.node ||
        change.type == watch::ChangeType::kDelete) {
      continue;
    }
    const kube::Node node = kube::nodeOf(*change.object);
    view_.zone = node.zone();
    view_.addresses.clear();
    for (const std::string& text : node.internalIPs) {
      if (const auto address = IpAddress::parse(text)) {
        view_.addresses.push_back(*address);
      }
    }
    if (options_.pods.mode == rules::LocalDetector::Mode::kNetworks &&
        options_.pods.networks.empty()) {
      rules_.pods.networks = networksOf(node.podCIDRs);
    }
  }
  return configure();
}

bool ServicePlane::applyServiceCidrs(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    serviceCidrs_.clear();
  }
  for (const watch::Change& change : update.changes) {
    const std::string name(kube::text(*change.object, {"metadata", "name"}));
    if (change.type == watch::ChangeType::kDelete) {
      serviceCidrs_.erase(name);
    } else {
      serviceCidrs_[name] = networksOf(kube::serviceCidrOf(*change.object));
    }
  }
  rules_.serviceCidrs.clear();
  for (const auto& [name, networks] : serviceCidrs_) {
    rules_.serviceCidrs.insert(rules_.serviceCidrs.end(), networks.begin(), networks.end());
  }
  return configure();
}

bool ServicePlane::applyAddresses(std::vector<IpAddress> addresses) {
  machine_ = std::move(addresses);
  return configure();
}

std::vector<IpAddress> ServicePlane::nodePortAddresses() const {
  std::vector<IpAddress> served;
  if (options_.primaryNodePorts) {
    served = view_.addresses;
  }
  for (const IpAddress& address : machine_) {
    const bool wanted =
        std::any_of(options_.nodePortNetworks.begin(), options_.nodePortNetworks.end(),
                    [&](const Cidr& network) { return network.contains(address); });
    if (wanted) {
      served.push_back(address);
    }
  }
  std::sort(served.begin(), served.end());
  served.erase(std::unique(served.begin(), served.end()), served.end());
  return served;
}

bool ServicePlane::configure() {
  rules_.nodePortAddresses = nodePortAddresses();
  return programmer_.configure(view_, rules_);
}

Result<rules::SyncReceipt> ServicePlane::sync(MonoTime now) {
  const service::Snapshot& current = builder_.current();
  if (names_ != nullptr) {
    names_->withdraw(current, changes_);
  }
  departures_.update(seen_, current, changes_, now);
  seen_ = current;
  Result<rules::SyncReceipt> receipt = programmer_.sync(departures_.overlay(current), changes_);
  if (receipt && addresses_ != nullptr) {
    const nft::Receipt done = TRY(addresses_->commit(now));
    receipt->dataplane.operations += done.operations;
    receipt->dataplane.elements += done.elements;
    receipt->dataplane.batches += done.batches;
    receipt->dataplane.bytes += done.bytes;
  }
  if (receipt && names_ != nullptr) {
    names_->publish(current);
  }
  if (receipt) {
    applied_.merge(std::exchange(changes_, {}));
  }
  return receipt;
}

std::optional<MonoTime> ServicePlane::deadline() const {
  const auto lingering = departures_.deadline();
  const auto waiting = addresses_ == nullptr ? std::nullopt : addresses_->deadline();
  return lingering && waiting ? std::min(*lingering, *waiting) : lingering ? lingering : waiting;
}

void ServicePlane::distrust() {
  programmer_.distrust();
  if (addresses_ != nullptr) {
    addresses_->distrust();
  }
}

}  // namespace hitless::app

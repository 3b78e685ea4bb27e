#include "core/dns/zone.h"

#include <algorithm>
#include <array>

namespace hitless::dns {
namespace {

void appendLabel(std::string& wire, std::string_view label) {
  wire += static_cast<char>(label.size());
  wire += label;
}

/// Names of objects are DNS labels (RFC 1123), so they fit.
std::string keyOf(const service::ServiceName& name) {
  std::string key;
  appendLabel(key, name.name);
  appendLabel(key, name.ns);
  return key;
}

/// What keyOf() made.
service::ServiceName nameOf(std::string_view key) {
  const auto label = [&key] {
    const auto size = static_cast<std::size_t>(static_cast<std::uint8_t>(key.front()));
    const std::string text(key.substr(1, size));
    key.remove_prefix(1 + size);
    return text;
  };
  std::string name = label();
  return {label(), std::move(name)};
}

/// All that can be learnt by the names of a Service; `records` may be nullptr.
std::set<IpAddress> addressesOf(const ServiceRecords* records) {
  std::set<IpAddress> all;
  if (records != nullptr) {
    all.insert(records->addresses.begin(), records->addresses.end());
    all.insert(records->endpointAddresses.begin(), records->endpointAddresses.end());
  }
  return all;
}

std::string_view withoutUnderscore(std::string_view label) {
  return label.starts_with('_') ? label.substr(1) : label;
}

std::vector<IpAddress> claimed(const ServiceRecords& records) {
  std::vector<IpAddress> all = records.addresses;
  all.insert(all.end(), records.endpointAddresses.begin(), records.endpointAddresses.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// The addresses of the endpoints of one port, for _port._protocol names of a headless Service.
std::vector<IpAddress> addressesOf(const std::vector<ServiceTarget>& targets) {
  std::vector<IpAddress> addresses;
  for (const ServiceTarget& target : targets) {
    addresses.push_back(target.address);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

constexpr std::size_t kMaxLabels = 128;

Match matched(Match::Kind kind) {
  Match match;
  match.kind = kind;
  return match;
}

}  // namespace

Zone::Zone(ZoneOptions options)
    : options_(std::move(options)),
      svc_(options_.name.under("svc")),
      pod_(options_.name.under("pod")),
      serverName_(options_.name.under("dns").under("ns")),
      mailbox_(options_.name.under("hostmaster")) {}

Zone::Edit::Service Zone::editFor(std::string key, RecordsPtr before, RecordsPtr after) const {
  if (after == nullptr || after->kind != ServiceRecords::Kind::kClusterIp) {
    return {std::move(key), after, after};  // No rule is behind these names.
  }
  if (before == nullptr) {
    return {std::move(key), nullptr, std::move(after)};
  }
  auto meanwhile = std::make_shared<ServiceRecords>(*after);
  std::erase_if(meanwhile->addresses, [&](const IpAddress& address) {
    const auto& old = before->addresses;
    return before->kind != ServiceRecords::Kind::kClusterIp ||
           std::find(old.begin(), old.end(), address) == old.end();
  });
  if (meanwhile->addresses == after->addresses) {
    return {std::move(key), after, after};
  }
  meanwhile->withheld = true;
  return {std::move(key), std::move(meanwhile), std::move(after)};
}

Zone::Edit Zone::prepare(const service::Snapshot& snapshot, const service::Changes& changes,
                         MonoTime now) const {
  Edit edit;
  // Before the first publication nothing is known of when names changed.
  const MonoTime changed = published_ ? now : MonoTime::min();
  const auto compare = [&](const service::ServiceName& name, const service::ServiceState* state) {
    std::string key = keyOf(name);
    const auto known = services_.find(key);
    const RecordsPtr before = known == services_.end() ? nullptr : known->second;
    RecordsPtr after =
        state == nullptr ? nullptr : recordsOf(*state, before.get(), changed, options_.records);
    if (before != after && (!before || !after || !before->sameNames(*after))) {
      edit.services.push_back(editFor(std::move(key), before, std::move(after)));
    }
  };
  if (!changes.all) {
    for (const service::ServiceName& name : changes.services) {
      compare(name, snapshot.find(name));
    }
    return edit;
  }
  std::set<std::string, std::less<>> present;
  snapshot.forEach([&](const service::ServiceName& name, const service::ServiceState& state) {
    compare(name, &state);
    present.insert(keyOf(name));
  });
  for (const auto& [key, records] : services_) {
    if (!present.contains(key)) {
      edit.services.push_back({key, nullptr, nullptr});
    }
  }
  return edit;
}

std::vector<Zone::TakenBack> Zone::takenBackBy(const Edit& edit) const {
  std::vector<TakenBack> taken;
  for (const Edit::Service& service : edit.services) {
    const auto known = services_.find(service.key);
    if (known == services_.end()) {
      continue;
    }
    const std::set<IpAddress> kept = addressesOf(service.withdrawn.get());
    for (const IpAddress& address : addressesOf(known->second.get())) {
      if (!kept.contains(address)) {
        taken.push_back({nameOf(service.key), address});
      }
    }
  }
  return taken;
}

void Zone::withdraw(const Edit& edit) {
  for (const Edit::Service& service : edit.services) {
    set(service.key, service.withdrawn);
  }
}

void Zone::publish(const Edit& edit, std::uint64_t revision, WallTime now) {
  for (const Edit::Service& service : edit.services) {
    set(service.key, service.published);
  }
  if (!edit.empty() || !published_) {
    ++generation_;
    lastChanged_ = now;
  }
  published_ = true;
  revision_ = revision;
  lastPublished_ = now;
}

void Zone::set(const std::string& key, const RecordsPtr& records) {
  const auto it = services_.try_emplace(key).first;
  if (it->second != records) {
    link(it->first, it->second.get(), records.get());
    it->second = records;
  }
  if (records == nullptr) {
    services_.erase(it);
  }
}

void Zone::link(const std::string& key, const ServiceRecords* before, const ServiceRecords* after) {
  const std::vector<IpAddress> old = before ? claimed(*before) : std::vector<IpAddress>{};
  const std::vector<IpAddress> now = after ? claimed(*after) : std::vector<IpAddress>{};
  std::vector<IpAddress> gone;
  std::vector<IpAddress> come;
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(gone));
  std::set_difference(now.begin(), now.end(), old.begin(), old.end(), std::back_inserter(come));
  for (const IpAddress& address : gone) {
    const auto [first, last] = owners_.equal_range(address);
    const auto it =
        std::find_if(first, last, [&](const auto& owner) { return owner.second == &key; });
    if (it != last) {
      owners_.erase(it);
    }
  }
  for (const IpAddress& address : come) {
    owners_.emplace(address, &key);
  }
}

void Zone::setNamespaces(std::set<std::string> names) {
  namespacesKnown_ = true;
  namespaces_.clear();
  for (const std::string& name : names) {
    namespaces_.insert(name);
  }
}

std::uint32_t Zone::serial() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<seconds>(lastChanged_.time_since_epoch()).count());
}

std::uint32_t Zone::ttlOf(const ServiceRecords& records, IpFamily family, MonoTime now) const {
  if (records.lastResort(family)) {
    return 0;
  }
  const bool changing = records.withheld || now < records.changed + options_.unrest ||
                        (records.kind == ServiceRecords::Kind::kHeadless && records.unsettled);
  return changing ? std::min(options_.changingTtl, options_.ttl) : options_.ttl;
}

std::uint32_t Zone::negativeTtlOf(const ServiceRecords* records, MonoTime now) const {
  const bool changing = records != nullptr &&
                        (records->withheld || records->unsettled ||
                         now < records->changed + options_.unrest || !records->expected.empty());
  return changing ? std::min(options_.changingTtl, options_.negativeTtl) : options_.negativeTtl;
}

Match Zone::find(std::string_view name) const {
  const std::string_view zone = options_.name.wire();
  if (!name.ends_with(zone)) {
    return matched(Match::Kind::kOutside);
  }
  const std::size_t end = name.size() - zone.size();
  std::array<std::uint8_t, kMaxLabels> starts;  // Of the labels left of the zone.
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < end) {
    starts[count++] = static_cast<std::uint8_t>(at);
    at += 1 + static_cast<std::uint8_t>(name[at]);
  }
  if (at != end) {  // The zone's bytes stand in the middle of a label.
    return matched(Match::Kind::kOutside);
  }
  if (count == 0) {
    return matched(Match::Kind::kApex);
  }
  const std::span<const std::uint8_t> labels(starts.data(), count);
  const std::string_view top = firstLabel(name.substr(labels[count - 1]));
  if (top == "svc") {
    return findBelowSvc(name, labels.first(count - 1));
  }
  if (top == "pod") {
    return findBelowPod(name, labels.first(count - 1));
  }
  if (top == "dns") {
    const bool server = name == serverName_.wire();
    return matched(server       ? Match::Kind::kNameServer
                   : count == 1 ? Match::Kind::kEmpty
                                : Match::Kind::kAbsent);
  }
  if (count == 1 && top == "dns-version") {
    return matched(Match::Kind::kVersion);
  }
  return matched(count == 1 && top == "generation" ? Match::Kind::kGeneration
                                                   : Match::Kind::kAbsent);
}

Match Zone::findBelowPod(std::string_view name, std::span<const std::uint8_t> labels) const {
  const std::size_t count = labels.size();
  if (options_.podNames == PodNames::kDisabled || count > 2) {
    return matched(Match::Kind::kAbsent);
  }
  if (count == 0) {
    return matched(Match::Kind::kEmpty);
  }
  if (!namespaces_.contains(firstLabel(name.substr(labels[count - 1])))) {
    return matched(Match::Kind::kAbsent);
  }
  if (count == 1) {
    return matched(Match::Kind::kEmpty);
  }
  const auto address = addressOf(firstLabel(name));
  Match match = matched(address ? Match::Kind::kPod : Match::Kind::kAbsent);
  if (address) {
    match.own.push_back(*address);
  }
  return match;
}

Match Zone::findBelowSvc(std::string_view name, std::span<const std::uint8_t> labels) const {
  const std::size_t count = labels.size();
  if (count == 0) {
    return matched(Match::Kind::kEmpty);
  }
  if (count == 1) {
    const bool exists = namespaces_.contains(firstLabel(name.substr(labels[0])));
    return matched(exists ? Match::Kind::kEmpty : Match::Kind::kAbsent);
  }
  const std::size_t begin = labels[count - 2];
  const std::size_t nsAt = labels[count - 1];
  const std::size_t end = nsAt + 1 + static_cast<std::uint8_t>(name[nsAt]);
  const auto it = services_.find(name.substr(begin, end - begin));
  if (it == services_.end()) {
    return matched(Match::Kind::kAbsent);
  }
  return findInService(name, labels.first(count - 2), it->second);
}

Match Zone::findInService(std::string_view name, std::span<const std::uint8_t> labels,
                          RecordsPtr service) const {
  Match match;
  match.service = std::move(service);
  const ServiceRecords& records = *match.service;
  const auto label = [&](std::size_t i) { return firstLabel(name.substr(labels[i])); };
  if (labels.empty()) {
    // A headless Service without an endpoint has no name (kubernetes/dns specification 2.4.1).
    const bool named =
        records.kind != ServiceRecords::Kind::kHeadless || !records.addresses.empty();
    match.kind = named ? Match::Kind::kService : Match::Kind::kAbsent;
    return match;
  }
  if (labels.size() > 2 || records.kind == ServiceRecords::Kind::kExternalName) {
    return match;
  }
  if (labels.size() == 2) {
    match.port = withoutUnderscore(label(0));
    match.protocol = withoutUnderscore(label(1));
    const auto targets = targetsOf(records, match.port, match.protocol);
    if (!match.port.empty() && !match.protocol.empty() && !targets.empty()) {
      match.kind = Match::Kind::kPort;
      match.own = records.kind == ServiceRecords::Kind::kHeadless ? addressesOf(targets)
                                                                  : records.addresses;
    }
    return match;
  }
  match.label = label(0);
  const auto host = records.hosts.find(match.label);
  if (host != records.hosts.end()) {
    match.kind = Match::Kind::kEndpoint;
    match.own = host->second;
    return match;
  }
  const auto address = addressOf(match.label);
  const auto& endpoints = records.endpoints();
  if (address && std::binary_search(endpoints.begin(), endpoints.end(), *address)) {
    match.kind = Match::Kind::kEndpoint;
    match.own.push_back(*address);
    return match;
  }
  // Names below it exist: _tcp of _http._tcp (RFC 8020).
  if (match.label.starts_with('_') && !targetsOf(records, {}, match.label.substr(1)).empty()) {
    match.kind = Match::Kind::kEmpty;
  }
  return match;
}

std::vector<Name> Zone::namesOf(const IpAddress& address) const {
  std::vector<Name> names;
  const auto [first, last] = owners_.equal_range(address);
  for (auto it = first; it != last; ++it) {
    const std::string& key = *it->second;
    const ServiceRecords& records = *services_.find(key)->second;
    const Name service = Name::fromWire(key + std::string(svc_.wire()));
    if (records.kind == ServiceRecords::Kind::kClusterIp &&
        std::find(records.addresses.begin(), records.addresses.end(), address) !=
            records.addresses.end()) {
      return {service};
    }
    bool named = false;
    for (const auto& [hostname, ips] : records.hosts) {
      if (std::binary_search(ips.begin(), ips.end(), address)) {
        names.push_back(service.under(hostname));
        named = true;
      }
    }
    if (!named) {
      names.push_back(service.under(labelOf(address)));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hitless::dns

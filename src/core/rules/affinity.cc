#include "core/rules/affinity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/rules/dispatch.h"
#include "core/rules/match.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using nft::FieldType;
using nft::Lookup;
using nft::Register;
using nft::SetSpec;
using nft::VerdictKind;
using service::PlannedFamily;
using service::PlannedPort;
using service::ServiceName;
using service::Target;
using service::TrafficPolicy;

/// An element that packets write may vanish between reading and deleting; so often they do not.
constexpr int kPurgeAttempts = 100;

/// "affinity-v4-default/web/tcp/80-cluster"
std::string nameOf(std::string_view stem, const ServiceName& name, IpFamily family,
                   const PlannedPort& port, TrafficPolicy policy) {
  std::string protocol(service::name(port.protocol));
  for (char& c : protocol) {
    c = static_cast<char>(c | 0x20);
  }
  return fmt::format("{}-{}/{}/{}-{}", names::suffixed(stem, family), name.text(), protocol,
                     port.port, policy == TrafficPolicy::kCluster ? "cluster" : "local");
}

FieldType addressField(IpFamily family) {
  return family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
}

class AffinityRules {
 public:
  AffinityRules(nft::Ruleset& out, const AffinityPort& port, TrafficPolicy policy)
      : out_(out),
        port_(port),
        family_(port.family.family),
        map_(nameOf("affinity", port.name, family_, port.port, policy)),
        remember_(nameOf("remember", port.name, family_, port.port, policy)) {}

  void addChains() {
    out_.addSet({map_,
                 SetSpec::Kind::kMap,
                 {addressField(family_)},
                 {addressField(family_), FieldType::kInetService},
                 "clients and their endpoints",
                 true});
    out_.addChain({map_, std::nullopt, {}}).rules = {follow()};
    out_.addChain({remember_, std::nullopt, {}}).rules = {write()};
  }

  void addVerdicts(const Entry& entry) {
    out_.sets[affinityMap(entry.kind(), family_)].elements[entry.slotKey(0)] = {
        nft::Verdict{VerdictKind::kJump, map_}, {}};
    nft::Elements& remembered = out_.sets[rememberMap(entry.kind(), family_)].elements;
    const nft::ElementValue value{nft::Verdict{VerdictKind::kGoto, remember_}, {}};
    remembered[entry.slotKey(0)] = value;
    // A service port without a list of its own for this node's connections looks the same to them.
    Entry fromNode = entry;
    fromNode.view = View::kFromNode;
    remembered.emplace(fromNode.slotKey(0), value);
  }

 private:
  nft::Rule follow() const {
    const std::uint8_t words = addressWords(family_);
    return {
        isFamily(family_) +
            Exprs{sourceAddress(family_, {0}), Lookup{map_, {0}, Lookup::Result::kValue, {words}},
                  nft::Dnat{family_, {words}, nft::Register{static_cast<std::uint8_t>(2 * words)}}},
        {}};
  }

  nft::Rule write() const {
    const std::uint8_t words = addressWords(family_);
    const Register value{words};
    const Register port{static_cast<std::uint8_t>(2 * words)};
    const auto timeout = static_cast<std::uint64_t>(*port_.service.affinityTimeout) * 1000;
    return {
        isFamily(family_) + Exprs{sourceAddress(family_, {0}), destinationAddress(family_, value),
                                  nft::Payload{nft::PayloadBase::kTransport, 2, 2, port},
                                  nft::UpdateMap{map_, {0}, value, timeout}},
        {}};
  }

  nft::Ruleset& out_;
  const AffinityPort& port_;
  IpFamily family_;
  std::string map_;
  std::string remember_;
};

std::vector<Datum> valuesOf(const std::vector<Target>& targets) {
  std::vector<Datum> values;
  for (const Target& target : targets) {
    values.push_back(Datum().address(target.ip).port(target.port));
  }
  std::sort(values.begin(), values.end());
  return values;
}

/// Calls `visit(map name, slots key)` for each affinity map of a service.
template <class Visit>
void forEachMap(const ServiceName& name, const LaidOutService& service, Visit visit) {
  if (!service.plan.affinityTimeout) {
    return;
  }
  for (const PlannedFamily& family : service.plan.families) {
    for (const PlannedPort& port : family.ports) {
      for (const auto policy : {TrafficPolicy::kCluster, TrafficPolicy::kLocal}) {
        const auto entries = entriesOf(service.plan, family, port);
        if (std::any_of(entries.begin(), entries.end(),
                        [&](const Entry& entry) { return entry.policy == policy; })) {
          visit(nameOf("affinity", name, family.family, port, policy),
                slotsKey(family, port, policy));
        }
      }
    }
  }
}

const std::vector<Target>& slotsFor(const LaidOutService& service, const SlotsKey& key) {
  static const std::vector<Target> kNone;
  const auto* found = find(service.slots, key);
  return found == nullptr ? kNone : *found;
}

}  // namespace

void addAffinity(nft::Ruleset& out, const AffinityPort& port, const std::vector<Entry>& entries) {
  for (const auto policy : {TrafficPolicy::kCluster, TrafficPolicy::kLocal}) {
    AffinityRules rules(out, port, policy);
    bool used = false;
    // Lists for this node's own connections come first: they win where both want the same key.
    for (const View view : {View::kFromNode, View::kOwn}) {
      for (const Entry& entry : entries) {
        if (entry.policy == policy && entry.view == view) {
          rules.addVerdicts(entry);
          used = true;
        }
      }
    }
    if (used) {
      rules.addChains();
    }
  }
}

std::vector<AffinityMap> shrunkAffinity(const ServiceName& name, const LaidOutService& before,
                                        const LaidOutService& now) {
  std::vector<AffinityMap> shrunk;
  forEachMap(name, now, [&](std::string map, const SlotsKey& key) {
    const auto old = valuesOf(slotsFor(before, key));
    auto valid = valuesOf(slotsFor(now, key));
    if (!std::includes(valid.begin(), valid.end(), old.begin(), old.end())) {
      shrunk.push_back({std::move(map), std::move(valid)});
    }
  });
  return shrunk;
}

std::vector<AffinityMap> affinityOf(const ServiceName& name, const LaidOutService& service) {
  std::vector<AffinityMap> maps;
  forEachMap(name, service, [&](std::string map, const SlotsKey& key) {
    maps.push_back({std::move(map), valuesOf(slotsFor(service, key))});
  });
  return maps;
}

Status purge(nft::Dataplane& dataplane, const std::string& table, const AffinityMap& map) {
  for (int attempt = 1;; ++attempt) {
    const nft::Elements elements = TRY(dataplane.readElements(map.name));
    std::vector<Datum> stale;
    for (const nft::Element& element : elements) {
      const auto* value = std::get_if<Datum>(&element.second.target);
      if (value == nullptr || !std::binary_search(map.valid.begin(), map.valid.end(), *value)) {
        stale.push_back(element.first);
      }
    }
    if (stale.empty()) {
      return {};
    }
    const auto deleted =
        dataplane.apply({table, {nft::DeleteElements{map.name, std::move(stale)}}});
    if (!deleted && (deleted.error().osError != ENOENT || attempt == kPurgeAttempts)) {
      return tl::unexpected(deleted.error());
    }
  }
}

}  // namespace hitless::rules

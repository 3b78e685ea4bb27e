#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "core/service/snapshot.h"
#include "testing/services.h"

namespace hitless::testing {

/// Random histories of a few Services and their EndpointSlices, with everything that decides about
/// rules: types, policies, affinity, ranges, families, several slices, hints, conditions, labels.
class History {
 public:
  explicit History(Rng& rng) : rng_(rng) {}

  /// All services that a history may touch: to end one and begin the next.
  static service::Changes everything() {
    service::Changes changes;
    for (std::uint64_t i = 0; i < kServices; ++i) {
      changes.services.insert({"default", fmt::format("s{}", i)});
    }
    return changes;
  }

  struct Step {
    bool services = false;  ///< Of Services; else of EndpointSlices.
    watch::Update update;
  };

  /// One change; now and then a full list of all that there is.
  Step next() {
    ++revision_;
    Step step;
    step.services = one(2);
    auto& known = step.services ? services_ : slices_;
    const std::string key =
        step.services ? serviceName() : fmt::format("{}-{}", serviceName(), rng_.below(2));
    if (one(4)) {
      const auto it = known.find(key);
      if (it != known.end()) {
        step.update = erased(it->second, revision_);
        known.erase(it);
        return step;
      }
    }
    known[key] = step.services ? created(randomService(key),
                                         pick({"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}))
                               : randomSlice(key);
    if (one(12)) {
      step.update.kind = watch::Update::Kind::kFull;
      step.update.revision = revision_;
      for (const auto& [name, object] : known) {
        step.update.changes.push_back({watch::ChangeType::kUpsert, object});
      }
      return step;
    }
    step.update = upsert(known[key], revision_);
    return step;
  }

 private:
  static constexpr std::uint64_t kServices = 4;

  bool one(std::uint64_t in) { return rng_.below(in) == 0; }
  std::string pick(const std::vector<std::string>& from) { return from[rng_.below(from.size())]; }
  std::string serviceName() { return fmt::format("s{}", rng_.below(kServices)); }

  kube::ObjectPtr randomService(const std::string& name) {
    const int number = name[1] - '0';
    std::string ip = fmt::format("10.96.0.{}", 10 + number);
    if (one(3)) {
      ip += fmt::format(",fd00:96::{}", 10 + number);
    } else if (one(8)) {
      ip = "None";
    }
    const bool external = one(2);
    std::vector<PortSpec> ports = {{"http", "TCP", 80, external ? 30000 + number : 0}};
    if (one(2)) {
      ports.push_back({"dns", "UDP", 53, external && one(2) ? 31000 + number : 0});
    }
    std::string more =
        fmt::format(R"("internalTrafficPolicy":"{}","externalTrafficPolicy":"{}")",
                    pick({"Cluster", "Cluster", "Local"}), pick({"Cluster", "Local"}));
    if (one(3)) {
      more +=
          R"(,"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":)" +
          pick({"10", "10800"}) + "}}";
    }
    if (one(3)) {
      // Now and then one that others want too.
      more += fmt::format(R"(,"externalIPs":["198.51.100.{}","2001:db8:2::{}"])",
                          one(2) ? 10 + number : 9, one(2) ? 10 + number : 9);
    }
    if (one(4)) {
      more += R"(,"loadBalancerSourceRanges":["203.0.113.0/24","10.0.0.0/8","2001:db8::/32"])";
    }
    if (external && one(2)) {
      return loadBalancer(name, ip,
                          fmt::format(R"([{{"ip":"192.0.2.{0}"}},{{"ip":"2001:db8:1::{0}"}},
                                          {{"ip":"192.0.2.200","ipMode":"Proxy"}}])",
                                      one(3) ? 9 : 10 + number),
                          ports, more);
    }
    return service(name, ip, ports, more,
                   one(10) ? R"("service.kubernetes.io/service-proxy-name":"other")" : "");
  }

  kube::ObjectPtr randomSlice(const std::string& key) {
    std::vector<EndpointSpec> endpoints;
    const bool v6 = one(4);
    for (std::uint64_t i = 0, n = rng_.below(5); i < n; ++i) {
      EndpointSpec endpoint;
      endpoint.ip = fmt::format(fmt::runtime(v6 ? "fd00:1::{}" : "10.244.1.{}"), rng_.below(9));
      endpoint.node = pick({"node-1", "node-2"});
      endpoint.ready = !one(4);
      endpoint.terminating = !endpoint.ready && one(2);
      endpoint.serving = endpoint.ready || one(2);
      endpoint.hints = pick({"", "", R"("forZones":[{"name":"a"}])", R"("forZones":[{"name":"b"}])",
                             R"("forNodes":[{"name":"node-1"}])"});
      endpoints.push_back(endpoint);
    }
    std::vector<PortSpec> ports = {{"http", "TCP", one(5) ? 9090 : 8080}};
    if (one(2)) {
      ports.push_back({"dns", "UDP", 5353});
    }
    return slice(key.substr(0, 2), endpoints, ports, static_cast<int>(revision_), key.substr(3));
  }

  Rng& rng_;
  std::uint64_t revision_ = 1;
  std::map<std::string, kube::ObjectPtr> services_;
  std::map<std::string, kube::ObjectPtr> slices_;
};

}  // namespace hitless::testing

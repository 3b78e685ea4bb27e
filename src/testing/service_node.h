#pragma once

#include <functional>
#include <optional>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/services.h"
#include "testing/visits.h"

/// The node of a ServiceNetwork with real rules: objects in, connections out.
namespace hitless::testing {

class ServiceNode {
 public:
  using Tweak = std::function<void(rules::Options&)>;

  /// `family` is that of the addresses which a test uses; the rules are for both.
  explicit ServiceNode(IpFamily family, const Tweak& tweak = {}) : family_(family) {
    if (tweak) {
      tweak(options_);
    }
    restart();
  }

  /// Adds or replaces objects, programs the rules and ends the connections that have become stale.
  void apply(std::vector<kube::ObjectPtr> services, std::vector<kube::ObjectPtr> slices = {}) {
    service::Changes changes;
    const bool first = !builder_.ready();
    ++revision_;
    if (first) {
      changes = builder_.applyServices(full(std::move(services)));
      changes.merge(builder_.applyEndpointSlices(full(std::move(slices))));
    } else {
      changes = builder_.applyServices(upserts(std::move(services)));
      changes.merge(builder_.applyEndpointSlices(upserts(std::move(slices))));
    }
    program(changes);
  }
  void serve(kube::ObjectPtr service, kube::ObjectPtr slice) { apply({service}, {slice}); }
  void update(kube::ObjectPtr slice) { apply({}, {slice}); }
  void removeService(kube::ObjectPtr service) {
    program(builder_.applyServices(erased(std::move(service), ++revision_)));
  }

  /// A new Programmer, as after a restart of the program; the kernel keeps what it has.
  void restart() {
    programmer_.emplace(dataplane_, view_, options_);
    if (builder_.ready()) {
      program({true, {}});
    }
  }

  std::string text(const Dual& dual) const { return dual.text(family_); }
  IpAddress ip(const Dual& dual) const { return dual.in(family_); }
  /// Of this node.
  EndpointSpec local(const Dual& pod) const { return {text(pod), "node-1"}; }
  EndpointSpec remote(const Dual& pod) const { return {text(pod), "node-2"}; }

  /// See Visit::outcome.
  std::string tcp(const Dual& from, const Dual& to, std::uint16_t port) {
    return openTcp(from, to, port).outcome;
  }
  std::string udp(const Dual& from, const Dual& to, std::uint16_t port) {
    return openUdp(from, to, port).outcome;
  }
  bool ping(const Dual& from, const Dual& to) { return visits_.ping(from, ip(to)); }
  Visit openTcp(const Dual& from, const Dual& to, std::uint16_t port) {
    return visits_.tcp(from, ip(to), port);
  }
  Visit openUdp(const Dual& from, const Dual& to, std::uint16_t port) {
    return visits_.udp(from, ip(to), port);
  }
  void askAgain(Visit& visit, const Dual& from) { visits_.askAgain(visit, from, family_); }
  /// The endpoints that this many connections reached, and how often each.
  std::map<std::string, int> spread(const Dual& from, const Dual& to, std::uint16_t port,
                                    int connections) {
    std::map<std::string, int> count;
    for (int i = 0; i < connections; ++i) {
      ++count[openTcp(from, to, port).endpoint];
    }
    return count;
  }

  const ServiceNetwork& network() const { return network_; }
  Visits& visits() { return visits_; }
  sys::NftDataplane& dataplane() { return dataplane_; }
  sys::Conntrack& conntrack() { return conntrack_; }
  IpFamily family() const { return family_; }

 private:
  static constexpr std::string_view kZone = "zone-a";

  watch::Update upserts(std::vector<kube::ObjectPtr> objects) const {
    watch::Update update = full(std::move(objects), revision_);
    update.kind = watch::Update::Kind::kIncremental;
    return update;
  }

  void program(const service::Changes& changes) {
    const auto receipt = programmer_->sync(builder_.current(), changes);
    ASSERT_TRUE(receipt) << receipt.error().text();
    const auto removed = conntrack::removeStaleFlows(conntrack_, receipt->changed);
    ASSERT_TRUE(removed) << removed.error().text();
  }

  static Cidr cidr(const char* text) { return *Cidr::parse(text); }

  IpFamily family_;
  ServiceNetwork network_;
  Visits visits_{network_};
  sys::NftDataplane dataplane_ = *sys::NftDataplane::open(std::string(rules::names::kTable));
  sys::Conntrack conntrack_ = *sys::Conntrack::open();
  service::NodeView view_{
      "node-1", "", std::string(kZone), {kNode.in(IpFamily::kV4), kNode.in(IpFamily::kV6)}};
  rules::Options options_{.families = {IpFamily::kV4, IpFamily::kV6},
                          .pods = rules::podsIn({cidr("10.244.0.0/16"), cidr("fd00:244::/32")}),
                          .nodePortAddresses = view_.addresses};
  std::optional<rules::Programmer> programmer_;
  service::SnapshotBuilder builder_;
  std::uint64_t revision_ = 0;
};

/// The base of the tests of the behaviour table: each runs once per address family.
class ServiceTable : public ::testing::TestWithParam<IpFamily> {};

inline std::string familyName(const ::testing::TestParamInfo<IpFamily>& info) {
  return info.param == IpFamily::kV4 ? "IPv4" : "IPv6";
}
inline const auto kBothFamilies = ::testing::Values(IpFamily::kV4, IpFamily::kV6);

}  // namespace hitless::testing

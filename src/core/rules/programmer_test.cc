#include "core/rules/programmer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/memory_dataplane.h"
#include "core/rules/dispatch.h"
#include "core/rules/names.h"
#include "testing/fake_rng.h"
#include "testing/result.h"
#include "testing/services.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using ::testing::ElementsAre;
using testing::EndpointSpec;
using testing::full;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::service;
using testing::slice;
using ::testing::UnorderedElementsAre;
using testing::upsert;
using Mode = SyncReceipt::Mode;

const std::string kEndpoints = endpointsMap(PortKind::kAddress, IpFamily::kV4);
const std::string kClusterIps = names::suffixed(names::kClusterIps, IpFamily::kV4);
const std::string kHairpin = names::suffixed(names::kHairpin, IpFamily::kV4);
const Options kOptions{{IpFamily::kV4}, podsIn({*Cidr::parse("10.244.1.0/24")})};

/// A programmer over memory, fed by watch updates.
struct Fixture {
  nft::MemoryDataplane dataplane{std::string(names::kTable)};
  Programmer programmer{dataplane, {"node-1", ""}, kOptions};
  service::SnapshotBuilder builder;

  Result<SyncReceipt> services(const watch::Update& update) {
    const auto changes = builder.applyServices(update);
    return programmer.sync(builder.current(), changes);
  }
  Result<SyncReceipt> slices(const watch::Update& update) {
    const auto changes = builder.applyEndpointSlices(update);
    return programmer.sync(builder.current(), changes);
  }
  void start(std::vector<kube::ObjectPtr> serviceObjects,
             std::vector<kube::ObjectPtr> sliceObjects) {
    builder.applyServices(full(std::move(serviceObjects)));
    builder.applyEndpointSlices(full(std::move(sliceObjects)));
    ASSERT_OK(programmer.sync(builder.current(), {true, {}}));
  }
  /// What a programmer that starts from nothing would apply.
  nft::Ruleset fresh() const {
    nft::MemoryDataplane other{std::string(names::kTable)};
    Programmer starting{other, {"node-1", ""}, kOptions};
    EXPECT_TRUE(starting.sync(builder.current(), {true, {}}));
    return other.ruleset();
  }
  const nft::Elements& elements(const std::string& set) const {
    return dataplane.ruleset().sets.at(set).elements;
  }
  std::size_t slots() const { return elements(kEndpoints).size(); }
};

TEST(Programmer, StartsWithAFullSync) {
  Fixture f;
  f.start({service("web", "10.96.0.10")},
          {slice("web", {{"10.244.1.5"}, {"10.244.2.5", "node-2"}})});
  EXPECT_EQ(f.slots(), 2U);
  EXPECT_EQ(f.elements(kClusterIps).size(), 1U);
  // Only the endpoint on this node can be reached by itself.
  EXPECT_EQ(f.elements(kHairpin).size(), 1U);
}

TEST(Programmer, OneEndpointMoreIsOneElement) {
  Fixture f;
  f.start({service("web", "10.96.0.10"), service("other", "10.96.0.11")},
          {slice("web", {{"10.244.2.5", "node-2"}}), slice("other", {{"10.244.2.6", "node-2"}})});
  const auto receipt =
      f.slices(upsert(slice("web", {{"10.244.2.5", "node-2"}, {"10.244.2.1", "node-2"}},
                            {{"http", "TCP", 8080}}, 7),
                      7));
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->mode, Mode::kIncremental);
  EXPECT_EQ(receipt->revision, 7U);
  EXPECT_EQ(receipt->services, 1U);
  EXPECT_EQ(receipt->dataplane.elements, 1U);
  EXPECT_EQ(f.slots(), 3U);
}

TEST(Programmer, OneEndpointLessMovesTheLastIntoItsSlot) {
  Fixture f;
  f.start({service("web", "10.96.0.10")},
          {slice("web", {{"10.244.2.1", "n"}, {"10.244.2.2", "n"}, {"10.244.2.3", "n"}})});
  const auto receipt =
      f.slices(upsert(slice("web", {{"10.244.2.2", "n"}, {"10.244.2.3", "n"}}), 8));
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->dataplane.elements, 2U);
  EXPECT_EQ(f.slots(), 2U);
  ASSERT_EQ(receipt->changed.size(), 1U);
  EXPECT_EQ(receipt->changed[0].fresh.size(), 2U);
}

TEST(Programmer, NothingChangedMeansNoTransaction) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {slice("web", {{"10.244.1.5"}})});
  const auto bookmark = f.slices({watch::Update::Kind::kIncremental, {}, 99});
  ASSERT_OK(bookmark);
  EXPECT_EQ(bookmark->revision, 99U);
  EXPECT_EQ(bookmark->dataplane.batches, 0U);
}

TEST(Programmer, ATerminatingEndpointGetsNoNewConnectionButKeepsItsFlows) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {slice("web", {{"10.244.1.5"}, {"10.244.1.6"}})});
  const auto receipt = f.slices(
      upsert(slice("web", {{"10.244.1.5"}, {"10.244.1.6", "node-1", false, true, true}}), 5));
  ASSERT_OK(receipt);
  EXPECT_EQ(f.slots(), 1U);
  ASSERT_EQ(receipt->changed.size(), 1U);
  EXPECT_EQ(receipt->changed[0].fresh.size(), 1U);
  EXPECT_EQ(receipt->changed[0].valid.size(), 2U);
}

/// "10.96.0.10:80", of every address in `changed`.
std::vector<std::string> addressesIn(const SyncReceipt& receipt) {
  std::vector<std::string> texts;
  for (const conntrack::Destination& changed : receipt.changed) {
    texts.push_back(fmt::format("{}:{}", changed.address.text(), changed.port));
  }
  return texts;
}

TEST(Programmer, TheFirstEndpointIsWhatFlowsFromBeforeHaveWaitedFor) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {});
  const auto first = f.slices(upsert(slice("web", {{"10.244.1.5"}}), 5));
  ASSERT_OK(first);
  EXPECT_THAT(addressesIn(*first), ElementsAre("10.96.0.10:80"));
  const auto second = f.slices(upsert(slice("web", {{"10.244.1.5"}, {"10.244.1.6"}}), 6));
  ASSERT_OK(second);
  EXPECT_THAT(addressesIn(*second), IsEmpty());
}

TEST(Programmer, AFullSyncDoesNotKnowWhatFlowsWereMadeBefore) {
  Fixture f;
  f.start(
      {service("web", "10.96.0.10", {{"http", "TCP", 80, 30080}}), service("idle", "10.96.0.11")},
      {slice("web", {{"10.244.1.5"}})});
  Options options = kOptions;
  options.nodePortAddresses = {*IpAddress::parse("172.30.0.1")};
  Programmer restarted(f.dataplane, {"node-1", ""}, options);
  const auto receipt = restarted.sync(f.builder.current(), {true, {}});
  ASSERT_OK(receipt);
  EXPECT_THAT(addressesIn(*receipt),
              UnorderedElementsAre("10.96.0.10:80", "172.30.0.1:30080", "10.96.0.11:80"));
}

TEST(Programmer, AFailedApplyLosesTrustAndTheNextSyncHeals) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {slice("web", {{"10.244.1.5"}})});
  f.dataplane.refuseNext(ENOBUFS);
  const auto failed = f.slices(upsert(slice("web", {{"10.244.1.6"}}), 5));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().text(), HasSubstr("operation 0"));
  EXPECT_FALSE(f.programmer.trusted());
  const auto healed = f.programmer.sync(f.builder.current(), {});
  ASSERT_OK(healed);
  EXPECT_EQ(healed->mode, Mode::kFull);
  EXPECT_TRUE(f.dataplane.ruleset() == f.fresh());
}

TEST(Programmer, AForeignFlushIsHealed) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {slice("web", {{"10.244.1.5"}})});
  const nft::Ruleset before = f.dataplane.ruleset();
  f.dataplane.flush();
  f.programmer.distrust();
  ASSERT_OK(f.programmer.sync(f.builder.current(), {}));
  EXPECT_TRUE(f.dataplane.ruleset() == before);
}

TEST(Programmer, ARestartKeepsSlotsAndChangesNothing) {
  Fixture f;
  f.start({service("web", "10.96.0.10")},
          {slice("web", {{"10.244.1.5"}, {"10.244.1.6"}, {"10.244.1.7"}})});
  ASSERT_OK(f.slices(upsert(slice("web", {{"10.244.1.6"}, {"10.244.1.7"}}), 5)));
  Programmer restarted(f.dataplane, {"node-1", ""}, kOptions);
  const auto receipt = restarted.sync(f.builder.current(), {true, {}});
  ASSERT_OK(receipt);
  EXPECT_EQ(receipt->dataplane.batches, 0U);
}

TEST(Programmer, ServicesShareTheHairpinOfAPod) {
  Fixture f;
  f.start({service("a", "10.96.0.10"), service("b", "10.96.0.11")},
          {slice("a", {{"10.244.1.5"}}), slice("b", {{"10.244.1.5"}})});
  ASSERT_OK(f.slices(upsert(slice("a", {}), 5)));
  EXPECT_EQ(f.elements(kHairpin).size(), 1U);
  ASSERT_OK(f.slices(upsert(slice("b", {}), 6)));
  EXPECT_EQ(f.elements(kHairpin).size(), 0U);
}

/// The endpoint that the kernel gives connections to 198.51.100.1:80.
std::string endpointOfExternalIp(const Fixture& f) {
  const Datum key = addressKey(*IpAddress::parse("198.51.100.1"), service::Protocol::kTcp, 80);
  const auto targets =
      targetsAt(f.elements(kEndpoints), {Entry::Via::kExternalIp, key}, IpFamily::kV4);
  return targets.size() == 1 ? targets.front().text() : std::to_string(targets.size());
}

TEST(Programmer, TheOldestOfServicesWithOneExternalIpHasIt) {
  const auto claiming = [](const std::string& name, const std::string& time) {
    return testing::created(
        service(name, "10.96.0.1" + name.substr(1), {{}}, R"("externalIPs":["198.51.100.1"])"),
        time);
  };
  const auto s1 = claiming("s1", "2026-03-01T00:00:00Z");
  const auto s2 = claiming("s2", "2026-01-01T00:00:00Z");
  const auto s3 = claiming("s3", "2026-03-01T00:00:00Z");
  Fixture f;
  f.start({s1, s2, s3}, {slice("s1", {{"10.244.1.1"}}), slice("s2", {{"10.244.1.2"}}),
                         slice("s3", {{"10.244.1.3"}})});
  EXPECT_EQ(endpointOfExternalIp(f), "10.244.1.2:8080");
  // Changes of the others' endpoints are nothing to it.
  ASSERT_OK(f.slices(upsert(slice("s1", {{"10.244.1.4"}}), 2)));
  EXPECT_EQ(endpointOfExternalIp(f), "10.244.1.2:8080");
  ASSERT_OK(f.services(testing::erased(s2, 3)));
  EXPECT_EQ(endpointOfExternalIp(f), "10.244.1.4:8080");
  EXPECT_TRUE(f.dataplane.ruleset() == f.fresh());
  ASSERT_OK(f.services(testing::erased(s1, 4)));
  EXPECT_EQ(endpointOfExternalIp(f), "10.244.1.3:8080");
  ASSERT_OK(f.services(upsert(s2, 5)));
  EXPECT_EQ(endpointOfExternalIp(f), "10.244.1.2:8080");
  EXPECT_TRUE(f.dataplane.ruleset() == f.fresh());
}

TEST(Programmer, ADeletedServiceLeavesNothingBehind) {
  Fixture f;
  f.start({service("web", "10.96.0.10")}, {slice("web", {{"10.244.1.5"}})});
  ASSERT_OK(f.services(testing::erased(service("web", "10.96.0.10"), 2)));
  ASSERT_OK(f.slices(testing::erased(slice("web", {{"10.244.1.5"}}), 3)));
  for (const auto& [name, set] : f.dataplane.ruleset().sets) {
    EXPECT_TRUE(set.elements.empty()) << name;
  }
  ASSERT_OK(f.programmer.cleanup());
  EXPECT_FALSE(f.dataplane.ruleset().table);
}

/// The slots depend on history; everything else, and which endpoints there are, does not.
std::multiset<std::string> withoutSlots(const nft::Ruleset& ruleset) {
  std::multiset<std::string> result;
  for (const auto& [name, set] : ruleset.sets) {
    const bool slots = name == kEndpoints;
    for (const nft::Element& element : set.elements) {
      const auto key = element.first.bytes();
      std::string text = name + std::string(key.begin(), slots ? key.begin() + 12 : key.end());
      if (const auto* value = std::get_if<nft::Datum>(&element.second.target)) {
        text.append(value->bytes().begin(), value->bytes().end());
      }
      result.insert(text);
    }
  }
  return result;
}

TEST(Programmer, ManySmallStepsEndWhereOneFullSyncDoes) {
  Fixture f;
  testing::FakeRng rng(7);
  f.start({}, {});
  for (int step = 0; step < 400; ++step) {
    const std::string name = fmt::format("s{}", rng.below(6));
    const std::string ip = fmt::format("10.96.0.{}", 10 + name.back() - '0');
    std::vector<EndpointSpec> endpoints;
    for (std::uint64_t i = 0, n = rng.below(5); i < n; ++i) {
      endpoints.push_back({fmt::format("10.244.1.{}", rng.below(9)),
                           rng.below(2) ? "node-1" : "node-2", rng.below(4) != 0, rng.below(2) != 0,
                           rng.below(2) != 0});
    }
    const bool gone = rng.below(6) == 0;
    const auto type = gone ? watch::ChangeType::kDelete : watch::ChangeType::kUpsert;
    const bool local = rng.below(4) == 0;
    if (rng.below(3) == 0) {
      ASSERT_OK(f.services(
          {watch::Update::Kind::kIncremental,
           {{type, service(name, ip, {{}}, local ? R"("internalTrafficPolicy":"Local")" : "")}},
           0}));
    } else {
      ASSERT_OK(f.slices({watch::Update::Kind::kIncremental, {{type, slice(name, endpoints)}}, 0}));
    }
    ASSERT_EQ(withoutSlots(f.dataplane.ruleset()), withoutSlots(f.fresh())) << "step " << step;
  }
}

}  // namespace
}  // namespace hitless::rules

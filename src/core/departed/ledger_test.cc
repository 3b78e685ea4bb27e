#include "core/departed/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "testing/services.h"

namespace hitless::departed {
namespace {

using ::testing::ElementsAre;
using testing::EndpointSpec;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr MonoTime kStart{seconds(1000)};

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}
const IpAddress kOld = ip("10.244.2.2");
const IpAddress kNew = ip("10.244.2.3");

/// Pod `pod` ("db-0/7" has UID 7) at `address`.
EndpointSpec at(const IpAddress& address, const std::string& pod, const std::string& hostname = {},
                const std::string& node = "node-2") {
  EndpointSpec made{address.text(), node};
  made.pod = pod;
  made.hostname = hostname;
  return made;
}
EndpointSpec going(EndpointSpec endpoint) {
  endpoint.ready = false;
  endpoint.terminating = true;
  return endpoint;
}

/// A ledger and the cluster that it follows.
class Follower {
 public:
  Follower() {
    take(builder_.applyServices(
        testing::full({testing::service("web", "10.96.0.10"), testing::service("db", "None")})));
    take(builder_.applyEndpointSlices(testing::full({})));
    ledger.applyNodes(testing::full({testing::object(
        R"({"metadata":{"name":"node-2"},"status":{"addresses":[{"type":"InternalIP","address":"172.30.0.2"}]}})")}));
    ledger.settle(now);
  }

  void show(const std::string& service, const std::vector<EndpointSpec>& endpoints,
            const std::string& suffix = "abc") {
    auto slice = testing::slice(service, endpoints, {{}}, 1, suffix);
    apply(testing::upsert(service == "db" ? testing::headless(slice) : slice, ++revision_));
  }
  void apply(const watch::Update& slices) {
    take(builder_.applyEndpointSlices(slices));
    ledger.settle(now);
  }
  void services(const watch::Update& update) {
    take(builder_.applyServices(update));
    ledger.settle(now);
  }
  void pods(const watch::Update& update) {
    ledger.applyPods(update);
    ledger.settle(now);
  }
  void after(nanoseconds time) {
    now += time;
    ledger.settle(now);
  }

  const Directions& is() const { return ledger.directions(); }
  bool nothing() const {
    Directions left = ledger.directions();
    left.ownPods.clear();
    return left == Directions{};
  }
  /// "parked 10.244.2.2", one for each since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> texts;
    for (const Happening& happening : ledger.takeHappenings()) {
      texts.push_back(std::string(name(happening.turn)) + " " + happening.pod + " " +
                      happening.ip.text() +
                      (happening.detail.empty() ? "" : " " + happening.detail));
    }
    return texts;
  }

  Ledger ledger{"node-1", {}};
  MonoTime now = kStart;

 private:
  void take(const service::Changes& changes) {
    ledger.update(before_, builder_.current(), changes);
    before_ = builder_.current();
  }
  service::SnapshotBuilder builder_;
  service::Snapshot before_;
  std::uint64_t revision_ = 1;
};

TEST(DepartedLedger, APodWithoutAStableNameIsRefusedForWhenItIsGone) {
  Follower f;
  f.show("web", {at(kOld, "web-1/1")});
  f.show("web", {going(at(kOld, "web-1/1"))});
  EXPECT_TRUE(f.nothing());
  f.show("web", {});
  EXPECT_THAT(f.is().gone, ElementsAre(kOld));
  EXPECT_THAT(f.is().goneFromNode, ElementsAre(kOld));
  EXPECT_EQ(f.ledger.deadline(), f.now + seconds(60));
  f.after(seconds(60) - nanoseconds(1));
  EXPECT_THAT(f.is().gone, ElementsAre(kOld));
  f.after(nanoseconds(1));
  EXPECT_TRUE(f.nothing());
  EXPECT_EQ(f.ledger.size(), 0U);
  EXPECT_THAT(f.told(), ElementsAre("tombstoned default/web-1 10.244.2.2",
                                    "released default/web-1 10.244.2.2 expired"));
}

TEST(DepartedLedger, APodIsGoneWhenItHasLeftAllSlices) {
  Follower f;
  f.show("web", {at(kOld, "web-1/1")}, "a");
  f.show("web", {at(kOld, "web-1/1")}, "b");
  f.show("web", {going(at(kOld, "web-1/1"))}, "a");
  f.show("web", {}, "a");
  EXPECT_TRUE(f.nothing());  // The other slice does not know yet.
  f.show("web", {going(at(kOld, "web-1/1"))}, "b");
  EXPECT_TRUE(f.nothing());
  f.show("web", {}, "b");
  EXPECT_THAT(f.is().gone, ElementsAre(kOld));
}

TEST(DepartedLedger, LeavingWithoutTerminatingIsNotGoing) {
  Follower f;
  EndpointSpec unready = at(kOld, "web-1/1");
  f.show("web", {unready});
  unready.ready = unready.serving = false;
  f.show("web", {unready});
  f.show("web", {});
  EXPECT_TRUE(f.nothing());
  // What is no pod, and what shares its node's address.
  f.show("web", {going({kOld.text(), "node-2"}), going(at(ip("172.30.0.2"), "host/2"))});
  f.show("web", {});
  EXPECT_TRUE(f.nothing());
  EXPECT_THAT(f.told(), IsEmpty());
}

TEST(DepartedLedger, ASliceThatGoesWithItsServiceSaysNothingOfItsPods) {
  Follower f;
  f.show("web", {going(at(kOld, "web-1/1"))});
  f.services(testing::erased(testing::service("web", "10.96.0.10"), 5));
  f.apply(testing::erased(testing::slice("web", {}), 6));
  EXPECT_TRUE(f.nothing());
  EXPECT_EQ(f.ledger.size(), 0U);
}

TEST(DepartedLedger, AnAddressThatIsUsedAgainIsReleasedAtOnce) {
  Follower f;
  f.show("web", {going(at(kOld, "web-1/1"))});
  f.show("web", {});
  f.show("db", {at(kOld, "db-0/2")});
  EXPECT_TRUE(f.nothing());
  EXPECT_EQ(f.told().back(), "released default/web-1 10.244.2.2 reused");
  // The other way round: the new pod is seen first.
  f.show("web", {going(at(kNew, "web-2/3"))}, "a");
  f.show("web", {at(kNew, "web-4/4")}, "b");
  f.show("web", {}, "a");
  EXPECT_TRUE(f.nothing());
}

TEST(DepartedLedger, PodsOfThisNodeNeedNoSlice) {
  Follower f;
  f.pods(testing::full({testing::ownPod("job/7", "10.244.1.9")}));
  EXPECT_THAT(f.is().ownPods, ElementsAre(ip("10.244.1.9")));
  f.pods(testing::erased(testing::ownPod("job/7", "10.244.1.9"), 2));
  EXPECT_THAT(f.is().gone, ElementsAre(ip("10.244.1.9")));
  EXPECT_THAT(f.is().goneFromNode, IsEmpty());
  f.pods(testing::upsert(testing::ownPod("job/8", "10.244.1.9"), 3));
  EXPECT_TRUE(f.nothing());
  // Before its endpoints are gone, but after the pod.
  f.show("web", {going(at(ip("10.244.1.9"), "job/8", {}, "node-1"))});
  f.show("web", {});
  EXPECT_TRUE(f.nothing());  // It is there.
  f.pods(testing::full({}));
  EXPECT_THAT(f.is().gone, ElementsAre(ip("10.244.1.9")));
}

TEST(DepartedLedger, AStableNameWaitsAndLeadsToItsSuccessor) {
  Follower f;
  const EndpointSpec old = at(kOld, "db-0/1", "db-0");
  f.show("db", {old});
  f.show("db", {going(old)});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld));
  EXPECT_THAT(f.is().gone, IsEmpty());
  f.after(seconds(4));
  f.show("db", {});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld));
  EXPECT_THAT(f.is().gone, ElementsAre(kOld));
  EndpointSpec next = at(kNew, "db-0/2", "db-0");
  next.ready = false;
  f.after(seconds(4));
  f.show("db", {next});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld));
  next.ready = true;
  f.show("db", {next});
  EXPECT_THAT(f.is().parked, IsEmpty());
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, kNew)));
  next.ready = false;  // It is the pod of that name, whatever its probe says now.
  f.show("db", {next});
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, kNew)));
  f.after(seconds(120));
  EXPECT_TRUE(f.nothing());
  EXPECT_THAT(f.told(), ElementsAre("parked default/db-0 10.244.2.2",
                                    "forwarded default/db-0 10.244.2.2 10.244.2.3",
                                    "released default/db-0 10.244.2.2 expired"));
}

TEST(DepartedLedger, ASuccessorThatGoesHasASuccessor) {
  Follower f;
  f.show("db", {going(at(kOld, "db-0/1", "db-0"))});
  f.show("db", {at(kNew, "db-0/2", "db-0")});
  f.after(seconds(30));
  f.show("db", {going(at(kNew, "db-0/2", "db-0"))});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld, kNew));
  const IpAddress third = ip("10.244.3.9");
  f.show("db", {at(third, "db-0/3", "db-0", "node-3")});
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, third), Pair(kNew, third)));
}

TEST(DepartedLedger, WaitingEndsWhoeverComesOrNot) {
  Follower f;
  f.show("db", {going(at(kOld, "db-0/1", "db-0"))});
  f.after(seconds(10));
  EXPECT_TRUE(f.nothing());  // It still drains: what it does with connections is its own business.
  f.after(seconds(10));
  f.show("db", {});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld));
  f.after(seconds(10));
  EXPECT_THAT(f.is().parked, IsEmpty());
  EXPECT_THAT(f.is().gone, ElementsAre(kOld));
  f.after(seconds(60));
  EXPECT_TRUE(f.nothing());
  EXPECT_EQ(f.ledger.deadline(), std::nullopt);
}

TEST(DepartedLedger, TheKubeletReachesAPodOfItsNodeUntilItsSigterm) {
  Follower f;
  const IpAddress own = ip("10.244.1.5");
  f.pods(testing::full({testing::ownPod("db-0/1", own.text())}));
  f.show("db", {going(at(own, "db-0/1", "db-0", "node-1"))});
  EXPECT_THAT(f.is().parked, ElementsAre(own));
  EXPECT_THAT(f.is().parkedFromNode, IsEmpty());
  f.ledger.ending("1");
  f.ledger.settle(f.now);
  EXPECT_THAT(f.is().parkedFromNode, ElementsAre(own));
  f.pods(testing::full({}));
  EXPECT_THAT(f.is().parkedFromNode, ElementsAre(own));
}

TEST(DepartedLedger, AddressesPublishedToTheEndAreReachedToTheEnd) {
  Follower f;
  EndpointSpec published = going(at(kOld, "db-0/1", "db-0"));
  published.ready = true;  // publishNotReadyAddresses
  f.show("db", {published});
  EXPECT_TRUE(f.nothing());
  f.show("db", {});
  EXPECT_THAT(f.is().parked, ElementsAre(kOld));
}

TEST(DepartedLedger, AHostnameThatManyPodsShareIsNobodysName) {
  Follower f;
  f.show("db", {at(kOld, "web-x/1", "web"), at(kNew, "web-y/2", "web")});
  f.show("db", {going(at(kOld, "web-x/1", "web")), at(kNew, "web-y/2", "web")});
  EXPECT_TRUE(f.nothing());
}

TEST(DepartedLedger, FamiliesHaveTheirOwnSuccessors) {
  Follower f;
  const IpAddress old6 = ip("fd00::2");
  const IpAddress new6 = ip("fd00::3");
  f.show("db", {going(at(kOld, "db-0/1", "db-0"))}, "v4");
  f.show("db", {going(at(old6, "db-0/1", "db-0"))}, "v6");
  f.show("db", {at(kNew, "db-0/2", "db-0")}, "v4");
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, kNew)));
  EXPECT_THAT(f.is().parked, ElementsAre(old6));
  f.show("db", {at(new6, "db-0/2", "db-0")}, "v6");
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, kNew), Pair(old6, new6)));
}

TEST(DepartedLedger, ARelistLosesNothing) {
  Follower f;
  f.show("db", {going(at(kOld, "db-0/1", "db-0"))});
  f.apply(testing::full(
      {testing::headless(testing::slice("db", {at(kNew, "db-0/2", "db-0")}, {{}}, 9))}, 9));
  EXPECT_THAT(f.is().forwarded, ElementsAre(Pair(kOld, kNew)));
}

TEST(DepartedLedger, ASuccessorOfTheAgentTakesOver) {
  Follower first;
  first.show("web", {going(at(ip("10.244.2.8"), "web-1/8")), going(at(ip("10.244.2.9"), "x/9"))});
  first.show("web", {});
  first.show("db", {going(at(kOld, "db-0/1", "db-0"))});
  first.show("db", {});
  EXPECT_THAT(first.is().names, ::testing::Contains(Pair(kOld, "default/db-0 in db")));

  Ledger ledger("node-1", {});
  ledger.adopt(first.is());
  service::SnapshotBuilder builder;
  auto changes = builder.applyServices(testing::full({testing::service("db", "None")}));
  changes.merge(builder.applyEndpointSlices(
      testing::full({testing::slice("web", {at(ip("10.244.2.9"), "new/10")})})));
  service::Snapshot before;
  ledger.update(before, builder.current(), changes);
  before = builder.current();
  ledger.settle(kStart);
  EXPECT_THAT(ledger.directions().parked, ElementsAre(kOld));
  EXPECT_THAT(ledger.directions().gone, ElementsAre(kOld, ip("10.244.2.8")));
  changes = builder.applyEndpointSlices(
      testing::upsert(testing::headless(testing::slice("db", {at(kNew, "db-0/2", "db-0")})), 7));
  ledger.update(before, builder.current(), changes);
  ledger.settle(kStart + seconds(1));
  EXPECT_THAT(ledger.directions().forwarded, ElementsAre(Pair(kOld, kNew)));
}

/// Whatever the slices say in whatever order.
RC_GTEST_PROP(DepartedLedger, NothingIsDoneToAnAddressThatAnotherPodHas, ()) {
  Follower f;
  std::map<std::string, std::vector<EndpointSpec>> shown;
  const auto below = [](int bound) { return *rc::gen::inRange(0, bound); };
  const int steps = *rc::gen::inRange(1, 40);
  for (int step = 0; step < steps; ++step) {
    f.now += seconds(below(2) == 0 ? 1 : 25);
    std::vector<EndpointSpec> endpoints;
    for (int i = below(3); i > 0; --i) {
      const int uid = below(4);
      EndpointSpec endpoint =
          at(IpAddress::v4(0x0af40200 + static_cast<std::uint32_t>(below(3))),
             fmt::format("db-{}/{}", uid % 2, uid), fmt::format("db-{}", uid % 2));
      endpoints.push_back(below(2) == 0 ? endpoint : going(endpoint));
    }
    const std::string suffix = below(2) == 0 ? "a" : "b";
    const std::string service = below(2) == 0 ? "db" : "web";
    shown[service + suffix] = endpoints;
    f.show(service, endpoints, suffix);

    std::map<std::string, std::set<std::string>> living;
    for (const auto& [key, list] : shown) {
      for (const EndpointSpec& endpoint : list) {
        if (!endpoint.terminating) {
          living[endpoint.ip].insert(endpoint.pod);
        }
      }
    }
    for (const IpAddress& ip : f.is().gone) {
      RC_ASSERT(living[ip.text()].empty());
    }
    for (const IpAddress& ip : f.is().parked) {
      RC_ASSERT(living[ip.text()].size() <= 1U);  // The pod itself, in a slice that lags.
    }
    for (const auto& [from, to] : f.is().forwarded) {
      RC_ASSERT(living[from.text()].size() <= 1U);
      RC_ASSERT(!living[to.text()].empty());
    }
  }
}

}  // namespace
}  // namespace hitless::departed

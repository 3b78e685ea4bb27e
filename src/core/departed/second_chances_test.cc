#include "core/departed/second_chances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/departed/ledger.h"
#include "core/service/labels.h"
#include "testing/services.h"

namespace hitless::departed {
namespace {

using service::Target;
using ::testing::ElementsAre;
using testing::EndpointSpec;
using ::testing::IsEmpty;
using testing::PortSpec;

const std::string kPod = "10.244.1.2";
const std::string kNear = "10.244.1.3";
const std::string kFar = "10.244.2.2";
const std::string kFar2 = "10.244.2.3";

/// Pods 10.244.1.0/24 are on node-1; the UID is the last number.
EndpointSpec at(const std::string& ip) {
  EndpointSpec made{ip, ip.starts_with("10.244.1.") ? "node-1" : "node-2"};
  made.pod = "pod/" + ip.substr(ip.rfind('.') + 1) + (made.node == "node-1" ? "" : "00");
  return made;
}
EndpointSpec going(EndpointSpec endpoint) {
  endpoint.ready = false;
  endpoint.terminating = true;
  return endpoint;
}
EndpointSpec unready(EndpointSpec endpoint) {
  endpoint.ready = endpoint.serving = false;
  return endpoint;
}

/// node-1 and the cluster that it sees.
class Node {
 public:
  explicit Node(Options options = {}) : ledger("node-1", options) {
    take(builder_.applyServices(
        testing::full({testing::service("web", "10.96.0.10"), testing::service("api", "10.96.0.11"),
                       testing::service("db", "None")})));
    take(builder_.applyEndpointSlices(testing::full({})));
  }
  void service(const kube::ObjectPtr& object) {
    take(builder_.applyServices(testing::upsert(object, ++revision_)));
  }
  void show(const std::string& service, const std::vector<EndpointSpec>& endpoints,
            const std::vector<PortSpec>& ports = {{"http", "TCP", 8080}},
            const std::string& suffix = "abc") {
    auto slice = testing::slice(service, endpoints, ports, 1, suffix);
    take(builder_.applyEndpointSlices(
        testing::upsert(service == "db" ? testing::headless(slice) : slice, ++revision_)));
  }
  void pods(const watch::Update& update) {
    ledger.applyPods(update);
    take({});
  }
  void after(nanoseconds time) {
    now += time;
    ledger.settle(now);
  }

  /// "10.244.1.2:8080 to 10.244.1.3:8080"
  std::vector<std::string> chances() const {
    std::vector<std::string> list;
    for (const auto& [from, to] : ledger.directions().secondChances) {
      list.push_back(from.text() + " to " + to.text());
    }
    return list;
  }
  /// The same of what was told since the last call, "begun" or "ended".
  std::vector<std::string> told() {
    std::vector<std::string> list;
    for (const Happening& happening : ledger.takeHappenings()) {
      if (happening.turn >= Turn::kSecondChanceBegun) {
        list.push_back((happening.turn == Turn::kSecondChanceBegun ? "begun " : "ended ") +
                       happening.detail);
      }
    }
    return list;
  }

  Ledger ledger;
  MonoTime now{seconds(1000)};

 private:
  void take(const service::Changes& changes) {
    ledger.update(before_, builder_.current(), changes);
    before_ = builder_.current();
    ledger.settle(now);
  }
  service::SnapshotBuilder builder_;
  service::Snapshot before_;
  std::uint64_t revision_ = 1;
};

kube::ObjectPtr annotated(const kube::ObjectPtr& item, const std::string& value) {
  kube::json::object made = *item;
  made["metadata"].as_object()["annotations"] = {{service::kSecondChanceAnnotation, value}};
  return std::make_shared<const kube::json::object>(std::move(made));
}

kube::ObjectPtr deleted(const kube::ObjectPtr& item) {
  kube::json::object made = *item;
  made["metadata"].as_object()["deletionTimestamp"] = "2026-11-22T10:00:00Z";
  return std::make_shared<const kube::json::object>(std::move(made));
}

TEST(SecondChances, BeginWithTheTerminationAndEndWithTheAddress) {
  Node node;
  node.show("web", {at(kPod), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.show("web", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.2:8080"));
  node.show("web", {at(kFar)});  // Gone: the tombstone stands.
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.2:8080"));
  node.after(seconds(60));
  EXPECT_THAT(node.chances(), IsEmpty());
  EXPECT_THAT(node.told(),
              ElementsAre("begun 10.244.1.2:8080 to 10.244.2.2:8080", "ended 10.244.1.2:8080"));
}

TEST(SecondChances, AreForPodsOfThisNode) {
  Node node;
  node.show("web", {at(kPod), going(at(kFar))});
  EXPECT_THAT(node.chances(), IsEmpty());
}

TEST(SecondChances, EndWhenTheAddressIsUsedAgain) {
  Node node;
  node.show("web", {going(at(kPod)), at(kFar)});
  node.show("web", {at(kFar)});
  EndpointSpec other = at(kPod);
  other.pod = "other/77";
  node.show("api", {other, at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  EXPECT_EQ(node.told().back(), "ended 10.244.1.2:8080");
}

TEST(SecondChances, NeedAnEndpointThatIsReadyAndStays) {
  Node node;
  node.show("web", {going(at(kPod)), going(at(kFar)), unready(at(kFar2))});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.show("web", {going(at(kPod)), going(at(kFar)), at(kFar2)});
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.3:8080"));
  node.show("web", {going(at(kPod)), unready(at(kFar2))});
  EXPECT_THAT(node.chances(), IsEmpty());
}

TEST(SecondChances, GoToWhatEveryServiceOfThePortHas) {
  Node node;
  node.show("api", {at(kPod), at(kFar2)});
  node.show("web", {going(at(kPod)), at(kNear), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());  // Nothing tells which Service a client has asked.
  node.show("api", {at(kPod), at(kFar2), at(kFar)});
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.2:8080"));
  // It has left that Service, but a node that is late does not know.
  node.show("api", {at(kFar2)});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.show("api", {at(kNear)});
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.1.3:8080"));
}

TEST(SecondChances, PortsAreFollowedByTheirNames) {
  Node node;
  node.service(testing::service("web", "10.96.0.10",
                                {{"http", "TCP", 80}, {"admin", "TCP", 90}, {"dns", "UDP", 53}}));
  const std::vector<PortSpec> ports = {
      {"http", "TCP", 8080}, {"admin", "TCP", 9090}, {"dns", "UDP", 53}, {"extra", "TCP", 1}};
  node.show("web", {going(at(kPod))}, ports);
  node.show("web", {at(kFar)}, {{"http", "TCP", 8081}, {"admin", "TCP", 9091}, {"dns", "UDP", 53}},
            "next");
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.2:8081",
                                          "10.244.1.2:9090 to 10.244.2.2:9091"));
}

TEST(SecondChances, StayOnTheNodeWherePoliciesSaySo) {
  for (const char* policy : {R"("internalTrafficPolicy":"Local")",
                             R"("type":"NodePort","externalTrafficPolicy":"Local")"}) {
    Node node;
    node.service(testing::service("web", "10.96.0.10", {{}}, policy));
    node.show("web", {going(at(kPod)), at(kFar)});
    EXPECT_THAT(node.chances(), IsEmpty()) << policy;
    node.show("web", {going(at(kPod)), at(kFar), at(kNear)});
    EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.1.3:8080")) << policy;
  }
}

TEST(SecondChances, PreferThisNodeAndDoNotJump) {
  Node node;
  node.show("web", {going(at(kPod)), at(kFar), at(kFar2), at(kNear)});
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.1.3:8080"));
  node.show("web", {going(at(kPod)), at(kFar), at(kFar2)});
  const auto chosen = node.chances();
  ASSERT_EQ(chosen.size(), 1U);
  node.show("web", {going(at(kPod)), at(kFar), at(kFar2), at(kNear), at("10.244.2.9")});
  EXPECT_EQ(node.chances(), chosen);
  EXPECT_EQ(node.told().size(), 2U);
}

TEST(SecondChances, AreSpreadOverEndpoints) {
  Node node;
  std::vector<EndpointSpec> endpoints;
  for (int i = 2; i < 34; ++i) {
    endpoints.push_back(going(at("10.244.1." + std::to_string(i))));
  }
  for (int i = 2; i < 10; ++i) {
    endpoints.push_back(at("10.244.2." + std::to_string(i)));
  }
  node.show("web", endpoints);
  std::set<Target> used;
  for (const auto& [from, to] : node.ledger.directions().secondChances) {
    used.insert(to);
  }
  EXPECT_EQ(node.chances().size(), 32U);
  EXPECT_GT(used.size(), 4U);
}

TEST(SecondChances, AreDeclinedByServicesAndPods) {
  Node node;
  const auto web = testing::service("web", "10.96.0.10");
  node.service(annotated(web, "false"));
  node.show("web", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.service(annotated(web, "no"));  // As if not set.
  EXPECT_EQ(node.chances().size(), 1U);

  const auto pod = testing::ownPod("pod/2", kPod);
  node.pods(testing::full({annotated(pod, "false")}));
  EXPECT_THAT(node.chances(), IsEmpty());
  node.pods(testing::erased(pod, 9));
  node.show("web", {at(kFar)});
  EXPECT_THAT(node.ledger.directions().gone, ElementsAre(*IpAddress::parse(kPod)));
  EXPECT_THAT(node.chances(), IsEmpty());  // It has declined for good.
}

TEST(SecondChances, AreNotForClientsOfPodsThemselves) {
  Node node;
  node.show("db", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  // A slice that no Service is known of: nobody translates to it.
  node.show("unknown", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
}

TEST(SecondChances, LeaveAPodThatIsToBeReachedUntilItsEnd) {
  Node node;
  node.service(testing::service("web", "10.96.0.10", {{}}, R"("publishNotReadyAddresses":true)"));
  EndpointSpec published = going(at(kPod));
  published.ready = true;
  node.show("web", {published, at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.show("web", {at(kFar)});
  EXPECT_EQ(node.chances().size(), 1U);
}

TEST(SecondChances, EndpointsOfNoKnownNodeCountToo) {
  Node node;
  EndpointSpec byHand{kPod, ""};
  node.show("api", {byHand, at(kNear)});
  node.show("web", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
}

TEST(SecondChances, BeginBeforeTheSliceTellsOfTheTermination) {
  Node node;
  const auto pod = testing::ownPod("pod/2", kPod);
  node.pods(testing::full({pod}));
  node.show("web", {at(kPod), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
  node.pods(testing::upsert(deleted(pod), 9));
  EXPECT_THAT(node.chances(), ElementsAre("10.244.1.2:8080 to 10.244.2.2:8080"));
  node.pods(testing::upsert(deleted(pod), 10));
  node.show("web", {going(at(kPod)), at(kFar)});
  node.show("web", {at(kFar)});
  EXPECT_THAT(node.ledger.directions().gone, IsEmpty());  // Its containers still run.
  EXPECT_EQ(node.chances().size(), 1U);
  node.pods(testing::erased(pod, 11));
  EXPECT_THAT(node.ledger.directions().gone, ElementsAre(*IpAddress::parse(kPod)));
  EXPECT_EQ(node.told().size(), 1U);
}

TEST(SecondChances, APodThatEndsByItselfLeavesOne) {
  Node node;
  const auto pod = testing::ownPod("pod/2", kPod);
  node.pods(testing::full({pod}));
  node.show("web", {at(kPod), at(kFar)});
  node.pods(testing::erased(pod, 9));  // By force: its slice is late.
  EXPECT_EQ(node.chances().size(), 1U);
}

TEST(SecondChances, AreNotGivenWhereTheyAreNotWanted) {
  Node node({.secondChance = false});
  node.show("web", {going(at(kPod)), at(kFar)});
  EXPECT_THAT(node.chances(), IsEmpty());
}

TEST(SecondChances, OfAnIpv6Address) {
  Node node;
  EndpointSpec pod{"fd00:244:1::2", "node-1"};
  pod.pod = "pod/2";
  node.show("web", {going(pod), {"fd00:244:2::2", "node-2"}});
  EXPECT_THAT(node.chances(), ElementsAre("[fd00:244:1::2]:8080 to [fd00:244:2::2]:8080"));
}

}  // namespace
}  // namespace hitless::departed

#include <gtest/gtest.h>

#include "app/agent/departed_fixture.h"
#include "core/nft/diff.h"

/// What clients of a pod that goes see, in the kernel: clients are pods of this node and its own
/// processes.
namespace hitless::app {
namespace {

using departed_fixture::Place;
using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::inNamespaces;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kPodY;
using testing::Visit;

TEST(DepartedTable, WhatIsAppliedIsReadBack) {
  inNamespaces([] {
    auto dataplane = sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
    ASSERT_OK(dataplane);
    departed::Directions directions;
    const IpAddress ip = kPodX.in(IpFamily::kV4);
    directions.gone = directions.parked = {ip, kPodX.in(IpFamily::kV6)};
    directions.forwarded[ip] = kPodY.in(IpFamily::kV4);
    directions.names[ip] = "default/db-0 in db";
    const nft::Ruleset wanted = rules::departedTable(directions, {});
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    EXPECT_TRUE(dataplane->read() == wanted);
    EXPECT_NE(testing::outputOf("nft list table inet hitless-departed")
                  .find("dnat ip to ip daddr map @forwarded-v4"),
              std::string::npos);
  });
}

class DepartedAddresses : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, DepartedAddresses, testing::kBothFamilies, testing::familyName);

TEST_P(DepartedAddresses, OfADeadPodRefuseNewConnections) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");  // It drains.
    place.silence();
    place.web({});
    for (const Dual& client : {kPodA, kNode}) {
      EXPECT_EQ(place.tcp(client, kPodX), "refused");
      EXPECT_EQ(place.udp(client, kPodX), "refused");
    }
  });
}

TEST_P(DepartedAddresses, OfAPodWhoseEndIsLearntTogetherWithItsTermination) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    place.silence();
    place.tell(Place::webSlice({place.endpoint(kPodX, "web-1/1", true)}));
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
  });
}

TEST_P(DepartedAddresses, OfADeadPodEndTheConnectionsThatWaitForIt) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    const Visit pod = place.open(kPodA, kClusterIp, 80);
    const Visit direct = place.open(kPodA, kPodX);
    const Visit node = place.open(kNode, kClusterIp, 80);
    EXPECT_EQ(pod.endpoint + direct.endpoint + node.endpoint, "pod-xpod-xpod-x");
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.silence();
    place.web({});
    for (const Visit* visit : {&pod, &direct, &node}) {
      EXPECT_EQ(place.ending(visit->client), ECONNRESET);
    }
    EXPECT_GE(place.resets, 3U);
  });
}

TEST_P(DepartedAddresses, OfAPodThatIsNotReadyOrNotSelectedAreLeftAlone) {
  inNamespaces([] {
    Place place(GetParam());
    EndpointSpec unready = place.endpoint(kPodX, "web-1/1");
    place.web({unready});
    const Visit visit = place.open(kPodA, kClusterIp, 80);
    unready.ready = unready.serving = false;
    place.web({unready});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    EXPECT_EQ(::send(visit.client.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_TRUE(testing::readable(visit.server.get()));
  });
}

TEST_P(DepartedAddresses, AreServedAtOnceWhenAnotherPodHasThem) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1")});
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
    place.web({place.endpoint(kPodX, "web-2/2")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    // A pod of this node that is no endpoint of anything.
    place.web({place.endpoint(kPodX, "web-2/2"), place.endpoint(kPodB, "pod-b/pod-b", true)});
    const std::string podB = kPodB.text(GetParam());
    place.plane().applyPods(testing::erased(testing::ownPod("pod-b/pod-b", podB), 5));
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodB), "refused");
    place.plane().applyPods(testing::upsert(testing::ownPod("job/7", podB), 6));
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodB), "pod-b:8080 sees pod-a");
  });
}

TEST_P(DepartedAddresses, ThatDialOutGetTheirAnswers) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
    const auto from = Dual{"pod-x", kPodX.v4, kPodX.v6, Host::kOther, false};
    EXPECT_EQ(place.tcp(from, kPodA), "pod-a:8080 sees pod-x");
  });
}

TEST_P(DepartedAddresses, OfANameLeadToItsNextPod) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-y:8080 sees pod-a");
    EXPECT_EQ(place.tcp(kNode, kPodX), "pod-y:8080 sees node");
    EXPECT_EQ(place.udp(kPodA, kPodX), "pod-y:5353 sees pod-a");
    // A second restart: both old addresses lead to the third pod, which is on this node.
    place.db({place.named(kPodY, "db-0/2", true)});
    place.db({place.named(kPodB, "pod-b/pod-b"), place.named(kPodC, "db-0/pod-c")});
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-c:8080 sees pod-a");
    EXPECT_EQ(place.tcp(kPodA, kPodY), "pod-c:8080 sees pod-a");
    place.now += seconds(121);
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodY), "pod-y:8080 sees pod-a");
  });
}

TEST_P(DepartedAddresses, OfANameKeepConnectionsWaitingForItsNextPod) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    const sys::Fd early = place.dial(kPodA, kPodX);
    place.db({});
    const sys::Fd pod = place.dial(kPodA, kPodX);
    const sys::Fd node = place.dial(kNode, kPodX);
    EXPECT_EQ(place.tcp(kPodA, kPodX), "no answer");
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_TRUE(place.await(
        [&] { return place.connected(early) && place.connected(pod) && place.connected(node); }));
    EXPECT_EQ(place.released, 4U);
  });
}

TEST_P(DepartedAddresses, WaitNoLongerThanTheyMay) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1")});
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({});
    const sys::Fd pod = place.dial(kPodA, kPodX);
    const sys::Fd node = place.dial(kNode, kPodX);
    EXPECT_EQ(place.plane().deadline(), place.now + seconds(10));
    place.now += seconds(10);
    place.sync();
    EXPECT_EQ(place.ending(pod), ECONNREFUSED);
    EXPECT_EQ(place.ending(node), ECONNREFUSED);
  });
}

TEST_P(DepartedAddresses, AreForgottenByTheKernelAlone) {
  inNamespaces([] {
    rules::DepartedTableOptions options;
    options.times = {.park = {}, .forward = {}, .tombstone = milliseconds(1)};
    options.margin = milliseconds(100);
    Place place(GetParam(), options);
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    // From here on no agent does anything.
    EXPECT_TRUE(place.await([&] { return place.tcp(kPodA, kPodX) == "pod-x:8080 sees pod-a"; }));
  });
}

TEST_P(DepartedAddresses, AreKnownToTheAgentThatComesNext) {
  inNamespaces([] {
    Place place(GetParam());
    place.db({place.named(kPodX, "db-0/1", true)});
    place.db({});
    place.start();
    place.sync();
    const sys::Fd pod = place.dial(kPodA, kPodX);
    EXPECT_FALSE(testing::readable(pod.get(), 50, POLLOUT));
    place.db({place.named(kPodY, "db-0/2")});
    EXPECT_TRUE(place.await([&] { return place.connected(pod); }));
  });
}

TEST_P(DepartedAddresses, AreRestoredAfterAForeignHand) {
  inNamespaces([] {
    Place place(GetParam());
    place.web({place.endpoint(kPodX, "web-1/1", true)});
    place.web({});
    EXPECT_EQ(testing::outputOf("nft flush ruleset"), "");
    EXPECT_EQ(place.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    place.plane().distrust();
    place.sync();
    EXPECT_EQ(place.tcp(kPodA, kPodX), "refused");
  });
}

}  // namespace
}  // namespace hitless::app

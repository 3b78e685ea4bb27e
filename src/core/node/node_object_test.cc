#include "core/node/node_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/node/cri_log.h"
#include "core/node/etc_files.h"
#include "core/node/event_book.h"
#include "core/node/pod_network.h"
#include "testing/fake_clock.h"

namespace hitless::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(NodeAddressPool, GoesRoundAndSaysWhenItIsEmpty) {
  AddressPool pool(*Cidr::parse("10.244.1.0/29"));
  EXPECT_EQ(pool.gateway().text(), "10.244.1.1/29");
  EXPECT_EQ(pool.take()->text(), "10.244.1.2");
  EXPECT_EQ(pool.take()->text(), "10.244.1.3");
  pool.giveBack(*IpAddress::parse("10.244.1.2"));
  EXPECT_EQ(pool.take()->text(), "10.244.1.4");
  EXPECT_EQ(pool.take()->text(), "10.244.1.5");
  EXPECT_EQ(pool.take()->text(), "10.244.1.6");
  EXPECT_EQ(pool.take()->text(), "10.244.1.2");
  ASSERT_FALSE(pool.take());
  EXPECT_FALSE(AddressPool(*Cidr::parse("10.0.0.0/31")).take());
}

TEST(NodeRoutes, FollowTheOtherNodes) {
  const auto node = [](const char* name, const char* cidr, const char* ip) {
    kube::Node out;
    out.meta.name = name;
    out.podCIDRs = {cidr};
    out.internalIPs = {ip};
    return out;
  };
  const Routes first =
      routesTo({node("a", "10.244.0.0/24", "10.0.0.1"), node("b", "10.244.1.0/24", "10.0.0.2"),
                node("c", "10.244.2.0/24", "bad")},
               "a");
  ASSERT_EQ(first.size(), 1u);
  const Routes second = routesTo({node("b", "10.244.1.0/24", "10.0.0.9")}, "a");
  const RouteChange change = routeChange(first, second);
  EXPECT_EQ(change.remove.size(), 1u);
  EXPECT_EQ(change.add, second);
  EXPECT_TRUE(routeChange(second, second).add.empty());
}

TEST(NodeRoutes, InterfaceNamesFitTheKernel) {
  EXPECT_EQ(hostInterface("b702c4f9-5ca3-427c-97b1-0715d5d54c28").size(), 13u);
  EXPECT_NE(hostInterface("a"), hostInterface("b"));
}

TEST(NodeCriLog, SplitsLinesAndMarksParts) {
  const WallTime now{nanoseconds{1500000001}};
  CriLog log("stdout");
  EXPECT_EQ(log.add("one\ntw", now), "1970-01-01T00:00:01.500000001Z stdout F one\n");
  EXPECT_EQ(log.add("o\n\n", now),
            "1970-01-01T00:00:01.500000001Z stdout F two\n"
            "1970-01-01T00:00:01.500000001Z stdout F \n");
  const std::string parts = log.add(std::string(20000, 'x') + "\n", now);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), '\n'), 2);
  EXPECT_THAT(parts, HasSubstr(" stdout P xxx"));
  EXPECT_EQ(log.finish(now), "");
  log.add("rest", now);
  EXPECT_EQ(log.finish(now), "1970-01-01T00:00:01.500000001Z stdout F rest\n");
}

TEST(NodeEventBook, CountsRepetitions) {
  EventBook book("n");
  PodSpec pod;
  pod.name = "p";
  pod.ns = "ns";
  pod.containers.resize(1);
  pod.containers[0].name = "c";
  testing::FakeClock clock;
  const Emit emit{true, "Unhealthy", "no", "c"};
  const auto first = book.write(pod, emit, clock.wall());
  EXPECT_TRUE(first.create);
  EXPECT_EQ(kube::text(first.object, {"involvedObject", "fieldPath"}), "spec.containers{c}");
  const auto second = book.write(pod, emit, clock.wall());
  EXPECT_FALSE(second.create);
  EXPECT_EQ(second.name, first.name);
  EXPECT_EQ(kube::integer(second.object, {"count"}), 2);
  EXPECT_NE(book.write(pod, {true, "BackOff", "no", "c"}, clock.wall()).name, first.name);
}

TEST(NodeEtcFiles, NameThePodAndItsAliases) {
  PodSpec pod;
  pod.name = "db-0";
  pod.ns = "ns";
  pod.subdomain = "db";
  pod.hostAliases = {{"1.2.3.4", {"a", "b"}}};
  EXPECT_THAT(hostsFile(pod, "10.1.1.1"),
              HasSubstr("10.1.1.1\tdb-0.db.ns.svc.cluster.local\tdb-0\n"));
  EXPECT_THAT(hostsFile(pod, "10.1.1.1"), HasSubstr("1.2.3.4\ta\tb\n"));
}

TEST(NodeObject, IsANodeThatIsReady) {
  testing::FakeClock clock;
  NodeFacts facts;
  facts.name = "node-1";
  facts.address = "10.0.0.1";
  facts.podCidr = "10.244.1.0/24";
  const kube::Node node = kube::nodeOf(nodeObject(facts, clock.wall()));
  EXPECT_TRUE(node.ready());
  EXPECT_THAT(node.podCIDRs, ElementsAre("10.244.1.0/24"));
  EXPECT_THAT(node.internalIPs, ElementsAre("10.0.0.1"));
  EXPECT_EQ(goArchitecture("x86_64"), "amd64");
}

}  // namespace
}  // namespace hitless::node

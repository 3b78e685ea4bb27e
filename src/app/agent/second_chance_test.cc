#include "app/agent/second_chance_fixture.h"

#include <gtest/gtest.h>

#include <regex>

#include "core/nft/diff.h"

/// What clients see whose own node is late, in two kernels' rules: a pod of one node goes, and the
/// other does not know.
namespace hitless::app {
namespace {

using testing::inNamespaces;
using testing::kOtherNode;
using testing::SeenSegment;

std::string nft(const std::string& command) {
  return testing::outputOf("nft " + command);
}

TEST(SecondChanceTable, WhatIsAppliedIsReadBackAndListed) {
  inNamespaces([] {
    auto dataplane = sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
    ASSERT_OK(dataplane);
    departed::Directions directions;
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      directions.secondChances[{kPodB.in(family), 8080}] = {kPodX.in(family), 8081};
      directions.names[kPodB.in(family)] = "default/web-1";
    }
    const nft::Ruleset wanted = rules::departedTable(directions, {});
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    const auto present = dataplane->read();
    ASSERT_OK(present);
    EXPECT_TRUE(*present == wanted);
    EXPECT_TRUE(rules::directionsOf(*present) == directions);
    const std::string listed = nft("list table inet hitless-departed");
    for (const char* text :
         {"ct label set 126 dnat ip to ip daddr . meta l4proto . tcp dport map @second-chance-v4",
          "tcp urgptr set 26732", "10.244.1.3 . tcp . 8080 expires ", "ct label ! 127 reject"}) {
      EXPECT_NE(listed.find(text), std::string::npos) << text << "\n" << listed;
    }
  });
}

class SecondChance : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, SecondChance, testing::kBothFamilies, testing::familyName);

TEST_P(SecondChance, OfAPodOfTheSameNodeKeepsTheClientsAddress) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    EXPECT_EQ(cluster.service(kPodX), "pod-b:8080 sees pod-x");
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    EXPECT_EQ(cluster.service(kPodX), "pod-c:8080 sees pod-x");
    cluster.node->show(TwoNodes::web({cluster.at(kPodC)}));
    cluster.node->erase(kPodB);
    EXPECT_EQ(cluster.service(kPodX), "pod-c:8080 sees pod-x");
    EXPECT_EQ(cluster.service(kOtherNode), "pod-c:8080 sees node-2");
  });
}

TEST_P(SecondChance, OfAPodOfAnotherNodeComesBackThroughThisOne) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodY)}));
    EXPECT_EQ(cluster.service(kPodX), "pod-y:8080 sees node");
    cluster.node->show(TwoNodes::web({cluster.at(kPodY)}));
    cluster.node->erase(kPodB);
    EXPECT_EQ(cluster.service(kPodX), "pod-y:8080 sees node");
  });
}

TEST_P(SecondChance, IsNotForWhoDialsThePodItself) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    EXPECT_EQ(cluster.tcp(kPodX, kPodB), "pod-b:8080 sees pod-x");
    EXPECT_EQ(cluster.tcp(kPodA, kPodB), "pod-b:8080 sees pod-a");
    cluster.node->show(TwoNodes::web({cluster.at(kPodC)}));
    cluster.node->erase(kPodB);
    EXPECT_EQ(cluster.tcp(kPodX, kPodB), "refused");
    EXPECT_EQ(cluster.tcp(kPodA, kPodB), "refused");
  });
}

TEST_P(SecondChance, LeavesConnectionsThatAreThere) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    const Visit visit = cluster.call(kPodX);
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    EXPECT_TRUE(TwoNodes::alive(visit));
    EXPECT_EQ(visit.endpoint, "pod-b");
  });
}

TEST_P(SecondChance, OutlivesTheNewsThatThePodIsGone) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    const Visit old = cluster.call(kPodX);
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    const Visit fromPod = cluster.call(kPodX);
    const Visit fromNode = cluster.call(kOtherNode);
    EXPECT_EQ(old.endpoint + fromPod.endpoint + fromNode.endpoint, "pod-bpod-cpod-c");
    cluster.node->show(TwoNodes::web({cluster.at(kPodC)}));
    cluster.node->erase(kPodB);
    // The other node catches up, and ends what waits for the pod.
    cluster.other->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    cluster.other->show(TwoNodes::web({cluster.at(kPodC)}));
    ::send(old.client.get(), "x", 1, MSG_NOSIGNAL);
    EXPECT_EQ(cluster.ending(old), ECONNRESET);
    EXPECT_TRUE(TwoNodes::alive(fromPod));
    EXPECT_TRUE(TwoNodes::alive(fromNode));
    EXPECT_EQ(cluster.service(kPodX), "pod-c:8080 sees pod-x");
    EXPECT_EQ(cluster.tcp(kPodX, kPodB), "refused");
  });
}

TEST_P(SecondChance, IsAskedForByASignOnTheWire) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.at(Host::kA, [] {
      testing::sumUpInSoftware("eth0");
      return 0;
    });
    TcpWatch pod = cluster.watch(Host::kA, "eth0");
    TcpWatch wire = cluster.watch(Host::kOther, "eth0");
    cluster.both({cluster.at(kPodX)});
    EXPECT_EQ(cluster.service(kPodA), "pod-x:8080 sees pod-a");
    const auto all = [](const std::vector<SeenSegment>& seen, std::uint16_t pointer) {
      return !seen.empty() && std::all_of(seen.begin(), seen.end(), [&](const auto& segment) {
        return segment.urgentPointer == pointer && segment.checksum &&
               (segment.flags & TH_URG) == 0;
      });
    };
    EXPECT_TRUE(all(pod.syns(80), 0));
    EXPECT_TRUE(all(wire.syns(testing::kTcpPort), rules::DepartedTableOptions{}.translatedSign));
    EXPECT_EQ(cluster.tcp(kPodA, kPodX), "pod-x:8080 sees pod-a");
    EXPECT_TRUE(all(wire.syns(testing::kTcpPort), 0));
    // The next node takes it for what it is: another pod there, and one here.
    cluster.other->show(TwoNodes::web({cluster.going(kPodX), cluster.at(kPodY)}));
    EXPECT_EQ(cluster.service(kPodA), "pod-y:8080 sees pod-a");
    wire.syns(testing::kTcpPort);
    cluster.other->show(TwoNodes::web({cluster.going(kPodX), cluster.at(kPodC)}));
    TcpWatch substitute = cluster.watch(Host::kC, "eth0");
    EXPECT_EQ(cluster.service(kPodA), "pod-c:8080 sees node-2");
    EXPECT_TRUE(all(substitute.syns(testing::kTcpPort), 0));
    const auto there = wire.syns(testing::kTcpPort);
    ASSERT_EQ(there.size(), 2U);  // To node-2 with the sign, and back without.
    EXPECT_NE(there[0].urgentPointer, 0);
    EXPECT_EQ(there[1].urgentPointer, 0);
  });
}

TEST_P(SecondChance, IsNotSeenByPods) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    TcpWatch pod = cluster.watch(Host::kB, "eth0");
    TcpWatch wire = cluster.watch(Host::kNode, "eth0");
    EXPECT_EQ(cluster.service(kPodX), "pod-b:8080 sees pod-x");
    EXPECT_EQ(wire.syns(testing::kTcpPort).at(0).urgentPointer, 0x686c);
    EXPECT_EQ(pod.syns(testing::kTcpPort).at(0).urgentPointer, 0);
    EXPECT_EQ(cluster.service(kPodA), "pod-b:8080 sees pod-a");
    EXPECT_EQ(pod.syns(testing::kTcpPort).at(0).urgentPointer, 0);
  });
}

TEST_P(SecondChance, IsForRepeatedSynsToo) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    TcpWatch wire = cluster.watch(Host::kNode, "eth0");
    TcpWatch substitute = cluster.watch(Host::kC, "eth0");
    // The other node knows the connection from the first, which is lost behind it.
    EXPECT_EQ(nft("'add table inet t; add chain inet t c { type filter hook prerouting priority "
                  "-400; }; add rule inet t c tcp dport 8080 drop'"),
              "");
    const sys::Fd client = cluster.dial(kPodX);
    ASSERT_FALSE(testing::readable(client.get(), 0, POLLOUT));
    EXPECT_EQ(nft("delete table inet t"), "");
    ASSERT_TRUE(testing::readable(client.get(), 10000, POLLOUT));
    const auto syns = wire.syns(testing::kTcpPort);
    ASSERT_GE(syns.size(), 2U);
    EXPECT_EQ(syns[0].urgentPointer, 0x686c);
    EXPECT_EQ(syns[1].urgentPointer, 0x686c);
    EXPECT_EQ(substitute.syns(testing::kTcpPort).size(), 1U);
  });
}

TEST_P(SecondChance, IsNotGivenWithoutTheOption) {
  inNamespaces([] {
    rules::DepartedTableOptions options;
    options.times.secondChance = false;
    TwoNodes cluster(GetParam(), options);
    cluster.both({cluster.at(kPodB)});
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    TcpWatch wire = cluster.watch(Host::kNode, "eth0");
    EXPECT_EQ(cluster.service(kPodX), "pod-b:8080 sees pod-x");
    EXPECT_EQ(wire.syns(testing::kTcpPort).at(0).urgentPointer, 0);
  });
}

TEST_P(SecondChance, GoesOnWithTheAgentThatComesNext) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.both({cluster.at(kPodB)});
    const auto slice = TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)});
    cluster.node->show(slice);
    cluster.start();
    EXPECT_EQ(cluster.service(kPodX), "pod-c:8080 sees pod-x");  // Nobody has done anything yet.
    cluster.node->show(slice);
    EXPECT_EQ(cluster.service(kPodX), "pod-c:8080 sees pod-x");
    // The one after that finds that the pod is not going at all.
    cluster.start();
    cluster.node->show(TwoNodes::web({cluster.at(kPodB), cluster.at(kPodC)}));
    EXPECT_EQ(cluster.service(kPodX), "pod-b:8080 sees pod-x");
    EXPECT_EQ(nft("list map inet hitless-departed second-chance-v4").find("elements"),
              std::string::npos);
  });
}

TEST_P(SecondChance, EndsWithTheAgentThatGaveIt) {
  inNamespaces([] {
    rules::DepartedTableOptions options;
    options.secondChanceTerm = milliseconds(100);
    TwoNodes cluster(GetParam(), options);
    cluster.both({cluster.at(kPodB)});
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    // From here on no agent does anything.
    EXPECT_TRUE(cluster.await([&] { return cluster.service(kPodX) == "pod-b:8080 sees pod-x"; }));
  });
}

TEST_P(SecondChance, IsRenewedBeforeItsTimeIsOver) {
  inNamespaces([] {
    TwoNodes cluster(GetParam());
    cluster.node->show(TwoNodes::web({cluster.going(kPodB), cluster.at(kPodC)}));
    EXPECT_EQ(cluster.node->deadline(), cluster.node->now + seconds(30));
    /// Milliseconds that the kernel still keeps it.
    const auto left = [] {
      const std::string map = GetParam() == IpFamily::kV4 ? "second-chance-v4" : "second-chance-v6";
      const std::string text = nft("list map inet hitless-departed " + map);
      std::smatch found;
      return std::regex_search(text, found, std::regex("expires (\\d+)s(\\d+)ms"))
                 ? std::stoi(found[1]) * 1000 + std::stoi(found[2])
                 : 60000;
    };
    ASSERT_TRUE(cluster.await([&] { return left() < 59900; }));
    const int before = left();
    cluster.node->now += seconds(30);
    cluster.node->sync();
    EXPECT_GT(left(), before);
    EXPECT_EQ(cluster.node->deadline(), cluster.node->now + seconds(30));
  });
}

}  // namespace
}  // namespace hitless::app

#include "core/iptables/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/iptables_dumps.h"

namespace hitless::iptables {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// kube-router's three rules, `sets` times, and a rule that logs each time.
std::string incident(int sets) {
  std::string text =
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n"
      "-A INPUT -j KUBE-ROUTER-INPUT\n";
  for (int i = 0; i < sets; ++i) {
    text +=
        "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"a b\" -j RETURN\n"
        "-A KUBE-ROUTER-INPUT -p tcp -m addrtype --dst-type LOCAL -m multiport --dports "
        "30000:32767 -j RETURN\n"
        "-A KUBE-ROUTER-INPUT -j LOG\n";
  }
  return text + "COMMIT\n";
}

TEST(Duplicates, AreCountedByChain) {
  const auto dump = parseDump(incident(1000));
  const Duplicates found = findDuplicates(*dump, 2);
  EXPECT_EQ(found.rules, 3001U);
  EXPECT_EQ(found.distinct, 4U);
  EXPECT_EQ(found.mayGo, 1998U);
  ASSERT_EQ(found.chains.size(), 3U);
  const ChainDuplicates& chain = found.chains[2];
  EXPECT_EQ(chain.chain, "KUBE-ROUTER-INPUT");
  EXPECT_EQ(chain.distinct, 3U);
  ASSERT_EQ(chain.top.size(), 2U);
  EXPECT_EQ(chain.top[0].count, 1000U);
  EXPECT_EQ(chain.top[0].mayGo, 999U);
  EXPECT_EQ(chain.top[0].firstLine, 6U);
  EXPECT_EQ(chain.top[0].lastLine, 6U + 999U * 3);
}

TEST(Duplicates, TellWhatAPacketPasses) {
  const auto dump = parseDump(incident(10));
  const Duplicates found = findDuplicates(*dump);
  ASSERT_EQ(found.costs.size(), 2U);
  EXPECT_EQ(found.costs[0].rules, 31U);
  EXPECT_THAT(found.costs[0].path, ElementsAre("INPUT", "KUBE-ROUTER-INPUT"));
  EXPECT_EQ(found.costs[1].rules, 0U);
}

TEST(Duplicates, AreNotFoundOnAHealthyNode) {
  const auto dump = parseDump(std::string(testing::kDockerDump));
  const Duplicates found = findDuplicates(*dump);
  EXPECT_EQ(found.mayGo, 0U);
  for (const ChainDuplicates& chain : found.chains) {
    EXPECT_THAT(chain.top, IsEmpty());
  }
}

TEST(Duplicates, ChainsThatLeadIntoEachOtherEnd) {
  const auto dump = parseDump("*filter\n-A INPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n");
  EXPECT_EQ(findDuplicates(*dump).costs.size(), 1U);
}

TEST(DuplicatesFuzz, MutatedDumpsAreCounted) {
  testing::Mutator mutate(5);
  for (int round = 0; round < 200; ++round) {
    const auto dump = parseDump(mutate(testing::kDockerDump));
    if (dump) {
      const Duplicates found = findDuplicates(*dump);
      EXPECT_LE(found.distinct + found.mayGo, found.rules);
    }
  }
}

}  // namespace
}  // namespace hitless::iptables

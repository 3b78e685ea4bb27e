#include "sys/doctor/iptables_binaries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/doctor/checks/iptables-check-lies/check.h"
#include "core/doctor/evidence_names.h"
#include "testing/evidence.h"
#include "testing/netns.h"

namespace hitless::sys {
namespace {

constexpr nanoseconds kPlenty = std::chrono::seconds(60);

std::vector<doctor::Finding> findings(const doctor::IptablesBinaries& binaries) {
  testing::MadeEvidence made;
  made.has(doctor::names::kIptablesBinaries, doctor::renderIptablesBinaries(binaries));
  return doctor::kIptablesCheckLies.run(made.evidence);
}

std::string legacyTablesHere() {
  return testing::outputOf("cat /proc/thread-self/net/ip_tables_names");
}

TEST(IptablesBinaries, OfThisMachineTellTheTruth) {
  testing::inNamespaces([] {
    const std::vector<IptablesPlace> places{{"", "/usr/sbin/iptables-nft", "this node"},
                                            {"", "/usr/sbin/iptables-legacy", "this node"}};
    const auto tested = testIptables(places, kPlenty);
    ASSERT_TRUE(tested) << tested.error().text();
    ASSERT_EQ(tested->truths.size(), 2U) << "each with itself";
    for (const auto& truth : tested->truths) {
      EXPECT_EQ(truth.found, "111111") << tested->binaries[truth.writer].path;
      EXPECT_EQ(truth.phantoms, "00");
    }
    EXPECT_TRUE(findings(*tested).empty());
    EXPECT_EQ(legacyTablesHere(), "") << "the canaries made tables here";
    EXPECT_EQ(testing::outputOf("iptables-nft -S INPUT"), "-P INPUT ACCEPT\n");
  });
}

TEST(IptablesBinaries, OneThatLiesIsFound) {
  const std::string liar = fmt::format("/tmp/hitless-liar-{}", ::getpid());
  std::ofstream(liar)
      << "#!/bin/sh\n[ \"$1\" = -C ] && exit 1\nexec /usr/sbin/iptables-nft \"$@\"\n";
  std::ofstream(liar + "-save") << "#!/bin/sh\nexec /usr/sbin/iptables-nft-save \"$@\" | sed "
                                   "'s/ --dport 80//'\n";
  ::chmod(liar.c_str(), 0755);
  ::chmod((liar + "-save").c_str(), 0755);
  testing::inNamespaces([&] {
    const auto tested =
        testIptables({{"", "/usr/sbin/iptables-nft", "this node"}, {"", liar, "a pod"}}, kPlenty);
    ASSERT_TRUE(tested) << tested.error().text();
    ASSERT_EQ(tested->truths.size(), 4U);
    EXPECT_EQ(tested->truths[1].found, "000000");
    EXPECT_FALSE(tested->truths[1].savesAlike);
    EXPECT_EQ(tested->truths[0].found, "111111");
    EXPECT_FALSE(findings(*tested).empty());
  });
  ::unlink(liar.c_str());
  ::unlink((liar + "-save").c_str());
}

TEST(IptablesBinaries, WhatIsNoneIsLeftOut) {
  testing::inNamespaces([] {
    const auto tested = testIptables({{"", "/bin/true", "x"}, {"", "/nonexistent", "y"}}, kPlenty);
    ASSERT_TRUE(tested);
    EXPECT_TRUE(tested->truths.empty());
  });
}

TEST(IptablesBinaries, AreFoundInPath) {
  EXPECT_THAT(findIptables(), ::testing::Contains(::testing::Field(
                                  &IptablesPlace::path, ::testing::EndsWith("/iptables"))));
}

}  // namespace
}  // namespace hitless::sys

#include "core/doctor/checks/sysctl-flap/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "core/doctor/sysctl_files.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

MadeEvidence podNode() {
  Network network;
  network.interfaces = {interface(3, "cni0", "bridge"), interface(4, "v", "veth", 3)};
  network.addresses = {{3, *Cidr::parse("10.42.0.1/24")}};
  MadeEvidence made;
  made.has(names::kLinks, renderNetwork(network));
  return made;
}

TEST(SysctlFlap, FindsWhatChangesBetweenTheSamples) {
  MadeEvidence made;
  made.becomes("proc/sys/net/ipv4/ip_forward", "1\n", "1\n");
  EXPECT_TRUE(kSysctlFlap.run(made.evidence).empty());
  made.becomes("proc/sys/net/ipv4/ip_forward", "1\n", "0\n");
  const auto found = kSysctlFlap.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].summary, "net/ipv4/ip_forward changed from 1 to 0 while we looked");
}

TEST(SysctlFlap, NamesTheLineThatWillUndoWhatTheNodeNeeds) {
  auto made = podNode();
  made.has("etc/sysctl.d/99-hard.conf", "# no router\n\n; and\n-net.ipv4.ip_forward = 0\n");
  const auto found = kSysctlFlap.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].summary, HasSubstr("/etc/sysctl.d/99-hard.conf:4 sets net/ipv4/ip_forward"));
  // A later file, then a file of the same name in a folder that counts more.
  made.has("usr/lib/sysctl.d/99-k8s.conf", "net/ipv4/conf/all/forwarding=1\n");
  EXPECT_TRUE(kSysctlFlap.run(made.evidence).empty());
  made.has("etc/sysctl.d/99-k8s.conf", "");
  EXPECT_EQ(kSysctlFlap.run(made.evidence).size(), 1U);
  made.has("etc/sysctl.conf", "net.ipv4.ip_forward=1");
  EXPECT_TRUE(kSysctlFlap.run(made.evidence).empty());
}

TEST(SysctlFlap, FilesDoNotMatterToANodeWithoutContainers) {
  MadeEvidence made;
  made.has("etc/sysctl.conf", "net.ipv4.ip_forward=0");
  EXPECT_TRUE(kSysctlFlap.run(made.evidence).empty());
}

TEST(SysctlFlap, FindsABoundThatTheConnectionsDoNotFit) {
  MadeEvidence made;
  made.becomes("proc/sys/net/netfilter/nf_conntrack_max", "400000", "400000");
  made.has("etc/sysctl.conf", "net.netfilter.nf_conntrack_max = 100000");
  made.has("proc/sys/net/netfilter/nf_conntrack_count", "70000");
  EXPECT_TRUE(kSysctlFlap.run(made.evidence).empty());
  made.has("proc/sys/net/netfilter/nf_conntrack_count", "90000");
  EXPECT_EQ(kSysctlFlap.run(made.evidence).size(), 1U);
}

TEST(SysctlFiles, KnowBothSpellings) {
  const auto lines = parseSysctlFile(
      "f", "net.ipv4.conf.eth0/7.forwarding = 1\nnet/ipv4/conf/eth0.7/forwarding=0\nx\n=1\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].name, "net/ipv4/conf/eth0.7/forwarding");
  EXPECT_EQ(lines[1].name, lines[0].name);
  EXPECT_EQ(lines[1].line, 2U);
}

TEST(SysctlFilesFuzz, AnyTextIsReadOrLeftOut) {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 60, ' ');
    for (char& letter : text) {
      letter = "ab=.-/#;\n *\0"[random() % 12];
    }
    for (const auto& line : parseSysctlFile("f", text)) {
      EXPECT_FALSE(line.name.empty());
    }
  }
}

}  // namespace
}  // namespace hitless::doctor

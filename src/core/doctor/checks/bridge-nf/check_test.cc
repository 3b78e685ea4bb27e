#include "core/doctor/checks/bridge-nf/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

MadeEvidence node(const char* bridge) {
  Network network;
  network.interfaces = {interface(3, bridge, "bridge"), interface(4, "v", "veth", 3)};
  MadeEvidence made;
  made.has(names::kLinks, renderNetwork(network));
  made.has(names::kNftRules4, "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n");
  return made;
}

TEST(BridgeNf, FindsPodsWhosePacketsPassByTheRules) {
  auto made = node("cni0");
  made.has("proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
  EXPECT_TRUE(kBridgeNf.run(made.evidence).empty());
  made.has("proc/sys/net/bridge/bridge-nf-call-iptables", "0\n");
  const auto found = kBridgeNf.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].repair.at(0), Action(WriteSysctl{"net/bridge/bridge-nf-call-iptables", "1"}));
  made.has("sys/class/net/cni0/bridge/nf_call_iptables", "1\n");
  EXPECT_TRUE(kBridgeNf.run(made.evidence).empty()) << "the bridge's own switch is on";
}

TEST(BridgeNf, NamesTheModule) {
  const auto found = kBridgeNf.run(node("cni0").evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].remedy, HasSubstr("modprobe br_netfilter"));
  EXPECT_TRUE(found[0].repair.empty());
}

TEST(BridgeNf, IsNoneOfDockersAndNeedsServices) {
  EXPECT_TRUE(kBridgeNf.run(node("docker0").evidence).empty());
  auto made = node("cni0");
  made.has(names::kNftRules4, "*nat\n:DOCKER - [0:0]\nCOMMIT\n");
  EXPECT_TRUE(kBridgeNf.run(made.evidence).empty());
}

}  // namespace
}  // namespace hitless::doctor

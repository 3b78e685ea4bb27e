#include "core/doctor/checks/masquerade-missing/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"
#include "testing/node_rules.h"
namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

NodeEvidence k3s(const std::string& rules) {
  const auto node = testing::healthyNodes().back();
  NodeEvidence evidence;
  evidence.nft(rules).processes(node.processes).bridge("cni0", node.address);
  evidence.file("run/flannel/subnet.env", node.flannelSubnet);
  return evidence;
}

const std::string kFlushed = "*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n";

TEST(MasqueradeMissing, FindsPodsThatNothingMasquerades) {
  const auto found = kMasqueradeMissing.run(k3s(kFlushed).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].summary, HasSubstr("10.42.0.0/16"));
}

TEST(MasqueradeMissing, DoesNotTakeServicesMasqueradeForPods) {
  const std::string services =
      "*nat\n:POSTROUTING ACCEPT [0:0]\n:KUBE-POSTROUTING - [0:0]\n-A POSTROUTING -j "
      "KUBE-POSTROUTING\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n-A "
      "KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n-A KUBE-POSTROUTING -j "
      "MASQUERADE\nCOMMIT\n";
  EXPECT_THAT(kMasqueradeMissing.run(k3s(services).build()), SizeIs(1));
}

TEST(MasqueradeMissing, IsSilentWhereItCannotKnow) {
  EXPECT_THAT(kMasqueradeMissing.run(
                  k3s("*nat\n:POSTROUTING ACCEPT [0:0]\n# unread POSTROUTING 9\nCOMMIT\n").build()),
              IsEmpty());
  EXPECT_THAT(
      kMasqueradeMissing.run(
          NodeEvidence().nft(kFlushed).processes({"k3s"}).bridge("cni0", "10.42.0.1/24").build()),
      IsEmpty());
  Evidence unread = k3s(kFlushed).build();
  unread.unread["kernel/legacy/ip.save"] = "not root";
  EXPECT_THAT(kMasqueradeMissing.run(unread), IsEmpty());
}

TEST(MasqueradeMissing, WarnsOfAServiceThatFlushesTheRuleset) {
  const std::string healthy = testing::healthyNodes().back().read("save");
  NodeEvidence node = k3s(healthy);
  node.file("etc/nftables.conf", "#!/usr/sbin/nft -f\n\nflush ruleset\n");
  EXPECT_THAT(kMasqueradeMissing.run(node.build()), IsEmpty()) << "it is not enabled";
  node.file("etc/systemd/system/sysinit.target.wants/nftables.service", "[Unit]\n");
  const auto found = kMasqueradeMissing.run(node.build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  NodeEvidence plain;
  plain.file("etc/nftables.conf", "flush ruleset\n");
  plain.file("etc/systemd/system/sysinit.target.wants/nftables.service", "[Unit]\n");
  EXPECT_THAT(kMasqueradeMissing.run(plain.build()), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor

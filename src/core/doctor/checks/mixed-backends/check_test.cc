#include "core/doctor/checks/mixed-backends/check.h"

#include <gmock/gmock.h>

#include "core/doctor/nft_changes.h"
#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

const std::string kProxy = R"(*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-A
COMMIT
)";

Process processOf(std::int32_t pid, std::int32_t parent, std::string name, std::string executable) {
  Process process;
  process.pid = pid;
  process.parent = parent;
  process.name = std::move(name);
  process.executable = std::move(executable);
  process.netns = NodeEvidence::kNamespace;
  return process;
}

TEST(MixedBackends, FindsBothSidesAndRepairsNothingThatItDoesNotKnow) {
  const auto found = kMixedBackends.run(
      NodeEvidence().nft(kProxy).legacy(kProxy).processes({"kube-proxy"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].evidence, Contains("legacy: kube-proxy (1 rules in 1 chains)"));
  EXPECT_THAT(found[0].repair, IsEmpty());
}

TEST(MixedBackends, DeletesTheSideThatItsOwnerDoesNotWrite) {
  NodeEvidence node;
  node.nft(kProxy).legacy(kProxy);
  node.process(processOf(7, 1, "kube-proxy", "/usr/local/bin/kube-proxy"));
  node.process(processOf(8, 7, "iptables-restor", "/usr/sbin/xtables-nft-multi"));
  const auto found = kMixedBackends.run(node.build());
  ASSERT_THAT(found, SizeIs(1));
  ASSERT_THAT(found[0].repair, SizeIs(1));
  const auto& action = std::get<DeleteChains>(found[0].repair[0]);
  EXPECT_EQ(action.place.text(), "ip nat (legacy)");
  EXPECT_THAT(action.chains, SizeIs(2));
}

TEST(MixedBackends, BelievesWhatTheKernelTellsOfTransactions) {
  NodeEvidence node;
  node.nft(kProxy).legacy(kProxy).processes({"kube-proxy"});
  NftChanges changes;
  changes.chains.push_back({"ip", "nat", "KUBE-SVC-A", 1, 1, "iptables-nft-re", 4711});
  node.file(names::kNftChanges, renderNftChanges(changes));
  const auto found = kMixedBackends.run(node.build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].repair, SizeIs(1));
  EXPECT_THAT(found[0].evidence, Contains(HasSubstr("pid 4711")));
}

TEST(MixedBackends, IsSilentOnOneSideOnEmptyChainsAndOnDocker) {
  EXPECT_THAT(kMixedBackends.run(NodeEvidence().nft(kProxy).build()), IsEmpty());
  const std::string empty =
      "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n";
  EXPECT_THAT(kMixedBackends.run(NodeEvidence().nft(kProxy).legacy(empty).build()), IsEmpty());
  const std::string docker = "*nat\n:DOCKER - [0:0]\n-A DOCKER -i docker0 -j RETURN\nCOMMIT\n";
  EXPECT_THAT(kMixedBackends.run(NodeEvidence().nft(kProxy).legacy(docker).build()), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor

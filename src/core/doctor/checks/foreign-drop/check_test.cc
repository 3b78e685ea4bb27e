#include "core/doctor/checks/foreign-drop/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

const std::string kCalico = R"(*filter
:FORWARD ACCEPT [0:0]
:cali-FORWARD - [0:0]
:cali-fw-x - [0:0]
:cali-unused - [0:0]
[9:540] -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
[0:0] -A cali-FORWARD -m conntrack --ctstate INVALID -j DROP
[7:420] -A cali-FORWARD -i cali+ -j cali-fw-x
[5:300] -A cali-fw-x -m comment --comment "cali:x" -j DROP
[1:60] -A cali-unused -j DROP
COMMIT
)";

TEST(ForeignDrop, FindsDropsOfAnOwnerThatHasGoneAndOffersToDeleteThemWhereAnotherEnforces) {
  const auto found =
      kForeignDrop.run(NodeEvidence().nft(kCalico).processes({"kubelet", "cilium-agent"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_THAT(found[0].summary, HasSubstr("1 rules of calico"));
  EXPECT_THAT(found[0].evidence, Contains(HasSubstr("(5 packets)")));
  ASSERT_THAT(found[0].repair, SizeIs(1));
  EXPECT_THAT(std::get<DeleteChains>(found[0].repair[0]).chains, SizeIs(3));
}

TEST(ForeignDrop, RepairsNothingWhereTheOwnerMayOnlyBeDown) {
  const auto found =
      kForeignDrop.run(NodeEvidence().nft(kCalico).processes({"kubelet", "k3s"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].repair, IsEmpty());
  EXPECT_THAT(found[0].remedy, HasSubstr("start it"));
}

TEST(ForeignDrop, IsSilentWhereTheOwnerLivesOrNobodyKnows) {
  EXPECT_THAT(
      kForeignDrop.run(NodeEvidence().nft(kCalico).processes({"kubelet", "calico-node"}).build()),
      IsEmpty());
  EXPECT_THAT(kForeignDrop.run(NodeEvidence().nft(kCalico).build()), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor

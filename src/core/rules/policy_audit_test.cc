#include "core/rules/policy_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "core/rules/policy_chains.h"
#include "core/rules/policy_programmer.h"
#include "testing/fake_rng.h"
#include "testing/policy_objects.h"

namespace hitless::rules {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace hitless::testing::netpol;  // NOLINT: the words of these tests

class PolicyAuditTest : public ::testing::Test {
 protected:
  PolicyAuditTest() {
    book.applyNamespaces(full({nameSpace("shop")}));
    book.applyPolicies(full({networkPolicy(
        "shop/db",
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: "
        "{app: web}}}], ports: [{port: 5432}]}]}")}));
    book.applyPods(full({pod({"shop/db", "10.244.1.2", "{app: db}"}),
                         pod({"shop/web", "10.244.2.3", "{app: web}", "node-2"}),
                         pod({"shop/idle", "10.244.1.4", "{app: idle}"})}));
    book.applyNodes(full({node("node-1", "10.244.1.0/24"), node("node-2", "10.244.2.0/24")}));
    EXPECT_TRUE(programmer.sync());
    table = dataplane.ruleset();
  }

  PolicyAudit audit(std::size_t samples = 500) {
    hitless::testing::FakeRng rng(1);
    return auditPolicies(table, programmer.wanted(), policy::Evaluator(book.state()), "node-1", rng,
                         samples);
  }
  nft::Elements& elements(const std::string& set) { return table.sets.at(set).elements; }
  std::string webSet() const {
    return peerSetName(policy::idOf({"shop", {}, policy::Selector({{{"app", "web"}}, {}})}),
                       IpFamily::kV4);
  }

  policy::Book book{"node-1"};
  nft::MemoryDataplane dataplane{std::string(names::kPolicyTable)};
  PolicyProgrammer programmer{dataplane, book, {}};
  nft::Ruleset table;  ///< As the kernel has it.
};

TEST_F(PolicyAuditTest, FindsNothingInWhatIsAsPlanned) {
  const PolicyAudit found = audit();
  EXPECT_TRUE(found.clean()) << found.mismatches.front();
  EXPECT_EQ(found.sampled, 500U);
}

TEST_F(PolicyAuditTest, SeesAPodThatLostItsIsolation) {
  elements("isolated-ingress-v4").clear();
  const PolicyAudit found = audit();
  EXPECT_EQ(found.operations, 1U);
  EXPECT_THAT(found.differences.front(), HasSubstr("isolated-ingress-v4"));
  ASSERT_THAT(found.mismatches, Not(IsEmpty()));
  EXPECT_THAT(found.mismatches.front(), HasSubstr("-> shop/db"));
  EXPECT_THAT(found.mismatches.front(), HasSubstr("accept, policies do not allow it"));
}

TEST_F(PolicyAuditTest, SeesAPeerThatIsNotFound) {
  ASSERT_THAT(elements(webSet()), SizeIs(1));
  elements(webSet()).clear();
  const PolicyAudit found = audit();
  EXPECT_EQ(found.operations, 1U);
  ASSERT_THAT(found.mismatches, Not(IsEmpty()));
  EXPECT_THAT(found.mismatches.front(), HasSubstr("reject with tcp reset, policies allow it"));
}

TEST_F(PolicyAuditTest, SeesAPlanThatIsWrongToo) {
  policy::State other = book.state();
  other.policies.clear();
  hitless::testing::FakeRng rng(1);
  const PolicyAudit found = auditPolicies(table, programmer.wanted(),
                                          policy::Evaluator(std::move(other)), "node-1", rng, 500);
  EXPECT_EQ(found.operations, 0U) << "the kernel is as planned";
  EXPECT_THAT(found.mismatches, Not(IsEmpty()));
}

TEST_F(PolicyAuditTest, ANodeSpeaksForItsOwnPodsOnly) {
  const policy::Evaluator evaluator(book.state());
  const auto end = [&](std::string_view name) {
    const policy::Pod* found = evaluator.find("shop", name);
    return policy::End{found, found->ips.front()};
  };
  const policy::Connection denied{end("idle"), end("db"), policy::Protocol::kTcp, 80};
  EXPECT_FALSE(allowedOn("node-1", evaluator, denied));
  EXPECT_TRUE(allowedOn("node-2", evaluator, denied));
}

TEST_F(PolicyAuditTest, ConnectionsWithoutAddressesCannotBeFollowed) {
  EXPECT_FALSE(walkPolicies(table, {{}, {}, policy::Protocol::kTcp, 80}));
}

}  // namespace
}  // namespace hitless::rules

#include "app/agent/policy_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "sys/clock/real_clock.h"
#include "testing/fake_rng.h"
#include "testing/flow_table.h"
#include "testing/policy_objects.h"

namespace hitless::app {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace hitless::testing::netpol;  // NOLINT: the words of these tests

class PolicyPlaneTest : public ::testing::Test {
 protected:
  ~PolicyPlaneTest() override { plane.stop(); }

  void list() {
    plane.onNamespaces(full({nameSpace("shop")}));
    plane.onPolicies(full({networkPolicy("shop/deny", "{podSelector: {}}")}));
    plane.onNodes(full({node("node-1", "10.244.1.0/24")}));
    plane.onPods(full());
  }
  template <class Done>
  bool runUntil(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_for(std::chrono::milliseconds(10));
    }
    return done();
  }
  void isolate(const std::string& name, std::string_view address) {
    plane.isolate({"shop", name, "uid-" + name, {*IpAddress::parse(address)}},
                  [this](Status status) { answers.push_back(std::move(status)); });
  }
  kube::ObjectPtr podOf(const std::string& name) {
    return pod({.name = "shop/" + name, .ip = "", .uid = "uid-" + name});
  }
  const nft::Elements& isolated() {
    return dataplane.ruleset().sets.at("isolated-ingress-v4").elements;
  }

  boost::asio::io_context io;
  sys::RealClock clock;
  hitless::testing::FakeRng rng{1};
  hitless::testing::FlowTable flows;
  FlowWorker worker{io, flows};
  nft::MemoryDataplane dataplane{std::string(rules::names::kPolicyTable)};
  PolicyPlane plane{{io, dataplane, clock, rng, worker}, "node-1", {}};
  std::vector<Status> answers;
};

TEST_F(PolicyPlaneTest, WritesNothingBeforeEverythingIsListed) {
  plane.onPolicies(full());
  plane.onNamespaces(full());
  plane.onNodes(full());
  plane.flush();
  io.poll();
  EXPECT_FALSE(dataplane.ruleset().table);
  plane.onPods(full());
  EXPECT_TRUE(runUntil([&] { return plane.synced(); }));
  EXPECT_TRUE(dataplane.ruleset().table);
}

TEST_F(PolicyPlaneTest, APodThatIsKnownIsIsolatedWhenTheAnswerComes) {
  list();
  plane.onPods(upsert(podOf("web")));
  isolate("web", "10.244.1.2");
  ASSERT_THAT(answers, SizeIs(1)) << "the commit is done at once";
  EXPECT_TRUE(answers[0]);
  EXPECT_THAT(isolated(), SizeIs(1));
  EXPECT_TRUE(plane.check({"shop", "web", "uid-web", {*IpAddress::parse("10.244.1.2")}}));
  plane.release({"shop", "web", "uid-web", {}});
  plane.flush();
  EXPECT_THAT(isolated(), IsEmpty());
}

TEST_F(PolicyPlaneTest, APodThatIsNotKnownGetsNothingUntilItIs) {
  list();
  isolate("web", "10.244.1.2");
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_THAT(isolated(), SizeIs(1));
  EXPECT_EQ(std::get<nft::Verdict>(isolated().begin()->second.target).chain,
            rules::names::kUnknownPod);
  plane.onPods(upsert(podOf("web")));
  plane.flush();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_TRUE(answers[0]);
  EXPECT_NE(std::get<nft::Verdict>(isolated().begin()->second.target).chain,
            rules::names::kUnknownPod);
}

TEST_F(PolicyPlaneTest, APodWhoseObjectNeverComesStartsWithoutAnyRight) {
  list();
  isolate("web", "10.244.1.2");
  ASSERT_TRUE(runUntil([&] { return !answers.empty(); }));
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(std::get<nft::Verdict>(isolated().begin()->second.target).chain,
            rules::names::kUnknownPod);
}

TEST_F(PolicyPlaneTest, ARefusalOfTheKernelIsAnError) {
  list();
  plane.onPods(upsert(podOf("web")));
  dataplane.refuseNext(EPERM);
  isolate("web", "10.244.1.2");
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_FALSE(answers[0]);
  EXPECT_EQ(plane.metrics().syncFailures, 1U);
  ASSERT_TRUE(runUntil([&] { return plane.synced(); })) << "it is tried again";
  EXPECT_THAT(isolated(), SizeIs(1));
}

TEST_F(PolicyPlaneTest, ACheckSeesWhatHasJustCome) {
  list();
  ASSERT_TRUE(runUntil([&] { return plane.synced(); }));
  plane.onPods(upsert(pod({"shop/web", "10.244.1.2"})));
  EXPECT_TRUE(plane.check({"shop", "web", "", {*IpAddress::parse("10.244.1.2")}}));
  EXPECT_FALSE(plane.check({"shop", "web", "", {*IpAddress::parse("10.244.1.3")}}));
}

TEST_F(PolicyPlaneTest, ANewerSandboxTakesTheOlderOnesPlace) {
  list();
  isolate("web", "10.244.1.2");
  isolate("web", "10.244.1.3");
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_THAT(answers[0].error().text(), HasSubstr("newer sandbox"));
  EXPECT_THAT(isolated(), SizeIs(1));
}

TEST_F(PolicyPlaneTest, AnAuditTellsWhatItHeals) {
  list();
  plane.onPods(upsert(pod({"shop/web", "10.244.1.2"})));
  ASSERT_TRUE(runUntil([&] { return plane.synced(); }));
  EXPECT_TRUE(plane.audit()->clean());
  ASSERT_TRUE(dataplane.apply(
      {std::string(rules::names::kPolicyTable),
       {nft::DeleteElements{"isolated-ingress-v4",
                            {nft::Datum().address(*IpAddress::parse("10.244.1.2"))}}}}));
  std::vector<rules::PolicyAudit> told;
  plane.onDrift = [&](const rules::PolicyAudit& found) { told.push_back(found); };
  const auto found = plane.audit();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->operations, 1U);
  EXPECT_THAT(found->mismatches, Not(IsEmpty()));
  EXPECT_THAT(told, SizeIs(1));
  EXPECT_EQ(plane.metrics().differences, 1U);
  ASSERT_TRUE(runUntil([&] { return !isolated().empty(); })) << "healed";
}

}  // namespace
}  // namespace hitless::app

#include "core/rules/policy_programmer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "testing/policy_objects.h"

namespace hitless::rules {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace hitless::testing::netpol;  // NOLINT: the words of these tests

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

class PolicyProgrammerTest : public ::testing::Test {
 protected:
  PolicyProgrammerTest() {
    book.applyNamespaces(full({nameSpace("jobs"), nameSpace("shop")}));
    book.applyPolicies(full());
    book.applyPods(full());
    book.applyNodes(full({node("node-1", "10.244.1.0/24"), node("node-2", "10.244.2.0/24")}));
    sync();
  }

  PolicyReceipt sync() {
    auto receipt = programmer.sync();
    EXPECT_TRUE(receipt) << receipt.error().text();
    expectAsFresh();
    return *receipt;
  }
  /// What the kernel holds is what an agent that has just started would write.
  void expectAsFresh() {
    nft::MemoryDataplane empty{std::string(names::kPolicyTable)};
    PolicyProgrammer fresh(empty, book, options);
    ASSERT_TRUE(fresh.sync());
    EXPECT_EQ(dataplane.ruleset(), empty.ruleset());
    EXPECT_EQ(programmer.elements(), elements());
  }
  std::size_t elements() {
    std::size_t count = 0;
    for (const auto& [name, set] : dataplane.ruleset().sets) {
      count += set.elements.size();
    }
    return count;
  }
  const nft::Set& set(std::string_view name) const {
    return dataplane.ruleset().sets.at(std::string(name));
  }
  void policy(const std::string& name, const std::string& spec) {
    book.applyPolicies(upsert(networkPolicy(name, spec)));
  }

  PolicyTableOptions options;
  policy::Book book{"node-1"};
  nft::MemoryDataplane dataplane{std::string(names::kPolicyTable)};
  PolicyProgrammer programmer{dataplane, book, options};
};

constexpr const char* kDenyAll = "{podSelector: {}, policyTypes: [Ingress, Egress]}";
constexpr const char* kTasks =
    "{podSelector: {matchLabels: {role: task}}, policyTypes: [Egress], egress: [{to: "
    "[{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}";

TEST_F(PolicyProgrammerTest, PodsAreElementsAndNeverRules) {
  policy("jobs/deny", kDenyAll);
  policy("jobs/tasks", kTasks);
  book.applyPods(upsert(pod({"jobs/db", "10.244.2.9", "{app: db}", "node-2"})));
  sync();
  const std::size_t rules = programmer.rules();
  const std::size_t before = elements();
  for (int i = 0; i < 200; ++i) {
    const PodText task{.name = fmt::format("jobs/task-{}", i),
                       .ip = fmt::format("10.244.1.{}", i + 2),
                       .labels = fmt::format("{{role: task, run: 'r{}'}}", i)};
    book.applyPods(upsert(pod(task)));
  }
  sync();
  EXPECT_EQ(programmer.rules(), rules);
  EXPECT_EQ(elements(), before + 200 * 4) << "all-pods, itself and one for each direction";
  book.applyPods(full({pod({"jobs/db", "10.244.2.9", "{app: db}", "node-2"})}));
  sync();
  EXPECT_EQ(programmer.rules(), rules);
  EXPECT_EQ(elements(), before);
}

TEST_F(PolicyProgrammerTest, PodsThatUnrelatedPoliciesSelectAddAChainForAllOfThem) {
  policy("shop/a", "{podSelector: {matchLabels: {a: x}}}");
  policy("shop/b", "{podSelector: {matchLabels: {b: x}}}");
  sync();
  const std::size_t rules = programmer.rules();
  book.applyPods(upsert(pod({"shop/one", "10.244.1.2", "{a: x, b: x}"})));
  sync();
  const std::size_t more = programmer.rules();
  EXPECT_GT(more, rules);
  book.applyPods(upsert(pod({"shop/two", "10.244.1.3", "{a: x, b: x}"})));
  sync();
  EXPECT_EQ(programmer.rules(), more);
  book.applyPods(gone(pod({"shop/one", "10.244.1.2"})));
  book.applyPods(gone(pod({"shop/two", "10.244.1.3"})));
  sync();
  EXPECT_EQ(programmer.rules(), rules);
}

TEST_F(PolicyProgrammerTest, OnlyPodsOfThisNodeAreIsolatedHere) {
  policy("jobs/deny", kDenyAll);
  book.applyPods(upsert(pod({"jobs/far", "10.244.2.2", "{}", "node-2"})));
  book.applyPods(upsert(pod({"jobs/near", "10.244.1.2"})));
  sync();
  EXPECT_EQ(set("isolated-ingress-v4").elements.size(), 1U);
  EXPECT_EQ(set("isolated-egress-v4").elements.size(), 1U);
  EXPECT_EQ(set("all-pods-v4").elements.size(), 2U);
  EXPECT_EQ(programmer.isolated(), 1U);
}

TEST_F(PolicyProgrammerTest, EqualPeersOfDifferentPoliciesShareASet) {
  constexpr const char* kFromWeb =
      "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}";
  policy("shop/a", kFromWeb);
  sync();
  const std::size_t sets = dataplane.ruleset().sets.size();
  policy("shop/b", kFromWeb);
  sync();
  EXPECT_EQ(dataplane.ruleset().sets.size(), sets);
  book.applyPolicies(gone(networkPolicy("shop/a", kFromWeb)));
  sync();
  EXPECT_EQ(dataplane.ruleset().sets.size(), sets);
  book.applyPolicies(gone(networkPolicy("shop/b", kFromWeb)));
  sync();
  EXPECT_EQ(dataplane.ruleset().sets.size(), sets - 2) << "one for each family";
}

TEST_F(PolicyProgrammerTest, ANameIsAskedForWhereNotAllPortsAreAllowedAnyway) {
  book.applyPods(upsert(
      pod({.name = "shop/web", .ip = "10.244.1.2", .ports = "{name: http, containerPort: 8080}"})));
  policy("shop/all", "{podSelector: {}, ingress: [{ports: [{port: http}, {protocol: TCP}]}]}");
  sync();
  EXPECT_FALSE(dataplane.read().value().sets.contains("port-http-v4"));
  policy("shop/http", "{podSelector: {}, ingress: [{ports: [{port: http}]}]}");
  sync();
  EXPECT_EQ(set("port-http-v4").elements.size(), 1U);
}

TEST_F(PolicyProgrammerTest, AnUnknownPodGetsNothing) {
  book.claim({"jobs", "new", "uid", {ip("10.244.1.2")}});
  sync();
  const auto& element = *set("isolated-egress-v4").elements.begin();
  EXPECT_EQ(std::get<nft::Verdict>(element.second.target).chain, names::kUnknownPod);
  book.applyPods(upsert(pod({.name = "jobs/new", .ip = "", .uid = "uid"})));
  sync();
  EXPECT_THAT(set("isolated-egress-v4").elements, IsEmpty());
}

TEST_F(PolicyProgrammerTest, DoubtsThoseThatMayHaveLost) {
  policy("shop/in",
         "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: "
         "{app: web}}}]}]}");
  book.applyPods(upsert(pod({"shop/db", "10.244.1.2", "{app: db}"})));
  book.applyPods(upsert(pod({"shop/web", "10.244.2.3", "{app: web}", "node-2"})));
  book.applyPods(upsert(pod({"shop/idle", "10.244.1.4", "{app: idle}"})));
  sync();
  book.applyPods(upsert(pod({"shop/web", "10.244.2.3", "{app: other}", "node-2"})));
  EXPECT_THAT(sync().doubt.addresses, ElementsAre(ip("10.244.2.3"))) << "left the peers";
  book.applyPods(upsert(pod({"shop/web", "10.244.2.3", "{app: web}", "node-2"})));
  EXPECT_TRUE(sync().doubt.none()) << "only gained";
  policy("shop/in", "{podSelector: {matchLabels: {app: db}}, ingress: []}");
  EXPECT_THAT(sync().doubt.addresses, ElementsAre(ip("10.244.1.2"))) << "its policy changed";
  book.applyPods(gone(pod({"shop/web", "10.244.2.3", "{app: web}", "node-2"})));
  const PolicyReceipt left = sync();
  EXPECT_TRUE(left.doubt.none());
  EXPECT_THAT(left.left, ElementsAre(ip("10.244.2.3")));
  policy("shop/all", "{podSelector: {}}");
  EXPECT_THAT(sync().doubt.addresses, ElementsAre(ip("10.244.1.2"), ip("10.244.1.4")));
}

TEST_F(PolicyProgrammerTest, ReadsBackAfterAFailure) {
  policy("jobs/deny", kDenyAll);
  book.applyPods(upsert(pod({"jobs/a", "10.244.1.2"})));
  sync();
  nft::Transaction foreign{
      std::string(names::kPolicyTable),
      {nft::DeleteElements{"all-pods-v4", {nft::Datum().address(ip("10.244.1.2"))}}}};
  ASSERT_TRUE(dataplane.apply(foreign));
  programmer.distrust();
  const PolicyReceipt receipt = sync();
  EXPECT_TRUE(receipt.full);
  EXPECT_TRUE(receipt.doubt.all);
  EXPECT_EQ(receipt.dataplane.elements, 1U);
}

}  // namespace
}  // namespace hitless::rules

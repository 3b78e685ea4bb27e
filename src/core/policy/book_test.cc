#include "core/policy/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/policy_objects.h"

namespace hitless::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace hitless::testing::netpol;  // NOLINT: the words of these tests

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

class PolicyBook : public ::testing::Test {
 protected:
  PolicyBook() {
    book.applyNamespaces(full({nameSpace("shop", "{team: a}"), nameSpace("ops")}));
    book.applyPolicies(full());
    book.applyPods(full());
    book.applyNodes(full({node("node-1", "10.244.1.0/24")}));
    book.take();
  }

  std::string holderAt(std::string_view address) {
    book.take();
    const auto holder = book.holder(ip(address));
    return holder ? holder->pod : "";
  }
  std::vector<PolicyKey> isolatedBy(std::string_view address,
                                    Direction direction = Direction::kIngress) {
    book.take();
    return book.holder(ip(address))->cls->isolatedBy(direction);
  }
  std::size_t peersOf(std::string_view address) {
    book.take();
    return book.holder(ip(address))->cls->peers.size();
  }

  Book book{"node-1"};
};

TEST_F(PolicyBook, IsCompleteWhenEverythingHasBeenListed) {
  Book other("node-1");
  other.applyNamespaces(full());
  other.applyPolicies(full());
  other.applyPods(full());
  EXPECT_FALSE(other.complete());
  other.applyNodes(full());
  EXPECT_TRUE(other.complete());
}

TEST_F(PolicyBook, ForgetsWhatAFullListLacks) {
  book.applyPods(upsert(pod({"shop/a", "10.244.1.2"})));
  book.applyPolicies(upsert(networkPolicy("shop/deny", "{podSelector: {}}")));
  EXPECT_THAT(isolatedBy("10.244.1.2"), ElementsAre("shop/deny"));
  book.applyPolicies(full());
  EXPECT_THAT(isolatedBy("10.244.1.2"), IsEmpty());
  book.applyPods(full());
  EXPECT_EQ(holderAt("10.244.1.2"), "");
}

TEST_F(PolicyBook, TellsOnlyOfAddressesThatMayDiffer) {
  book.applyPods(full({pod({"shop/a", "10.244.1.2", "{app: a}"}), pod({"ops/b", "10.244.1.3"})}));
  EXPECT_EQ(book.take().addresses.size(), 2U);
  book.applyPods(upsert(pod({"shop/a", "10.244.1.2", "{app: a}"})));
  EXPECT_THAT(book.take().addresses, IsEmpty());
  book.applyPolicies(upsert(networkPolicy("shop/deny", "{podSelector: {}}")));
  const Book::News news = book.take();
  EXPECT_THAT(news.policies, ElementsAre("shop/deny"));
  EXPECT_THAT(news.addresses, ElementsAre(ip("10.244.1.2"))) << "ops has no policy";
}

TEST_F(PolicyBook, LabelsThatNoSelectorAsksAboutMakeNoNewClass) {
  book.applyPolicies(
      upsert(networkPolicy("shop/tasks", "{podSelector: {matchLabels: {role: task}}}")));
  book.applyPods(upsert(pod({"shop/a", "10.244.1.2", "{role: task, run: '1'}"})));
  book.applyPods(upsert(pod({"shop/b", "10.244.1.3", "{role: task, run: '2'}"})));
  book.take();
  EXPECT_EQ(book.holder(ip("10.244.1.2"))->cls, book.holder(ip("10.244.1.3"))->cls);
}

TEST_F(PolicyBook, FollowsTheLabelsOfPodsAndNamespaces) {
  book.applyPolicies(upsert(networkPolicy(
      "ops/in",
      "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")));
  book.applyPods(upsert(pod({"shop/a", "10.244.1.2"})));
  EXPECT_EQ(peersOf("10.244.1.2"), 1U);
  book.applyNamespaces(upsert(nameSpace("shop", "{team: b}")));
  EXPECT_EQ(peersOf("10.244.1.2"), 0U);
  book.applyPolicies(upsert(networkPolicy("shop/x", "{podSelector: {matchLabels: {role: x}}}")));
  EXPECT_THAT(isolatedBy("10.244.1.2"), IsEmpty());
  book.applyPods(upsert(pod({"shop/a", "10.244.1.2", "{role: x}"})));
  EXPECT_THAT(isolatedBy("10.244.1.2"), ElementsAre("shop/x"));
}

TEST_F(PolicyBook, AnAddressIsThePodsThatLives) {
  book.applyPods(upsert(pod({.name = "shop/old", .ip = "10.244.1.2", .terminating = true})));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/old");
  book.applyPods(upsert(pod({"shop/new", "10.244.1.2"})));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/new");
  book.applyPods(upsert(pod({.name = "shop/new", .ip = "10.244.1.2", .phase = "Succeeded"})));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/old");
  book.applyPods(gone(pod({"shop/old", "10.244.1.2"})));
  EXPECT_EQ(holderAt("10.244.1.2"), "");
}

TEST_F(PolicyBook, PodsOfTheNodesNetworkHoldNoAddress) {
  book.applyPods(upsert(pod({.name = "shop/host", .ip = "192.168.0.1", .hostNetwork = true})));
  EXPECT_EQ(holderAt("192.168.0.1"), "");
}

TEST_F(PolicyBook, AClaimComesBeforeAnyObject) {
  book.claim({"shop", "a", "uid-a", {ip("10.244.1.2")}});
  book.take();
  const auto unknown = book.holder(ip("10.244.1.2"));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->cls, nullptr);
  EXPECT_TRUE(unknown->isolated()) << "nobody knows what it may do";
  book.applyPods(upsert(pod({.name = "shop/a", .ip = "", .node = "node-1", .uid = "uid-a"})));
  book.take();
  EXPECT_FALSE(book.holder(ip("10.244.1.2"))->isolated());
  EXPECT_TRUE(book.holder(ip("10.244.1.2"))->claimed);
}

TEST_F(PolicyBook, AClaimWithoutUidIsThePodsOfThatName) {
  book.claim({"shop", "a", "", {ip("10.244.1.2")}});
  EXPECT_FALSE(book.knows(*book.claimOf("shop/a")));
  book.applyPods(upsert(pod({.name = "shop/a", .ip = "", .uid = "uid-a"})));
  EXPECT_TRUE(book.knows(*book.claimOf("shop/a")));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/a");
}

TEST_F(PolicyBook, TheNewestClaimCountsAndALateReleaseTakesNothing) {
  book.claim({"shop", "web-0", "uid-1", {ip("10.244.1.2")}});
  book.claim({"shop", "other", "uid-o", {ip("10.244.1.2")}});
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/other");
  book.release("shop/web-0", "uid-1");
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/other");
  book.claim({"shop", "web-0", "uid-2", {ip("10.244.1.3")}});
  book.release("shop/web-0", "uid-1");
  EXPECT_EQ(holderAt("10.244.1.3"), "shop/web-0");
  book.release("shop/web-0", "");
  EXPECT_EQ(holderAt("10.244.1.3"), "");
}

TEST_F(PolicyBook, ASandboxThatOutlivesItsPodMayDoNothing) {
  book.claim({"shop", "a", "uid-a", {ip("10.244.1.2")}});
  book.applyPods(
      upsert(pod({.name = "shop/a", .ip = "10.244.1.2", .phase = "Failed", .uid = "uid-a"})));
  book.take();
  EXPECT_EQ(book.holder(ip("10.244.1.2"))->cls, nullptr);
  book.applyPods(upsert(pod({"shop/b", "10.244.1.2"})));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/b");
  book.release("shop/a", "uid-a");
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/b");
}

TEST_F(PolicyBook, AnAddressOfTwoLivingPodsIsTheYoungerOnes) {
  book.applyPods(
      upsert(pod({.name = "shop/a", .ip = "10.244.1.2", .created = "2026-01-01T00:00:00Z"})));
  book.applyPods(
      upsert(pod({.name = "shop/b", .ip = "10.244.1.2", .created = "2026-01-02T00:00:00Z"})));
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/b");
  EXPECT_EQ(Evaluator(book.state()).owner(ip("10.244.1.2"))->text(), "shop/b");
}

TEST_F(PolicyBook, AnAddressThatIsClaimedAnewIsNotTheOlderClaimsAnyMore) {
  book.applyPods(upsert(pod({.name = "shop/a", .ip = "", .uid = "uid-a"})));
  book.applyPods(upsert(pod({.name = "shop/b", .ip = "", .uid = "uid-b"})));
  book.claim({"shop", "a", "uid-a", {ip("10.244.1.2")}});
  book.claim({"shop", "b", "uid-b", {ip("10.244.1.2")}});
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/b");
  EXPECT_EQ(Evaluator(book.state()).owner(ip("10.244.1.2"))->text(), "shop/b");
  book.release("shop/a", "uid-a");
  EXPECT_EQ(holderAt("10.244.1.2"), "shop/b");
}

TEST_F(PolicyBook, PortsCountOnlyIfARuleAsksForTheirName) {
  const PodText web{.name = "shop/web",
                    .ip = "10.244.1.2",
                    .ports = "{name: http, containerPort: 80}, {name: admin, containerPort: 81}"};
  book.applyPods(upsert(pod(web)));
  book.take();
  EXPECT_THAT(book.holder(ip("10.244.1.2"))->ports, IsEmpty());
  book.applyPolicies(
      upsert(networkPolicy("shop/p", "{podSelector: {}, ingress: [{ports: [{port: http}]}]}")));
  EXPECT_THAT(book.take().addresses, ElementsAre(ip("10.244.1.2")));
  EXPECT_THAT(book.holder(ip("10.244.1.2"))->ports,
              ElementsAre(NamedPort{"http", Protocol::kTcp, 80}));
}

TEST_F(PolicyBook, TheStateIsTheHolders) {
  book.applyPods(upsert(pod({.name = "shop/old", .ip = "10.244.1.2", .terminating = true})));
  book.applyPods(upsert(pod({.name = "shop/a", .ip = "", .uid = "uid-a"})));
  book.claim({"shop", "a", "uid-a", {ip("10.244.1.2")}});
  book.take();
  const Evaluator evaluator(book.state());
  ASSERT_NE(evaluator.owner(ip("10.244.1.2")), nullptr);
  EXPECT_EQ(evaluator.owner(ip("10.244.1.2"))->text(), "shop/a");
}

}  // namespace
}  // namespace hitless::policy

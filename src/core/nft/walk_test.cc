#include "core/nft/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/walk_fixture.h"

/// How packets pass chains.
namespace hitless::nft::walking {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = WalkOutcome::Kind;

TEST(NftWalk, NothingHookedAccepts) {
  EXPECT_TRUE(walk({}, HookPoint::kForward, packet())->accepted());
  const Rules elsewhere =
      Rules().base("c", {{{drop()}, ""}}, {HookType::kFilter, HookPoint::kInput, 0});
  EXPECT_TRUE(elsewhere.run(packet()).accepted());
  EXPECT_EQ(walk(elsewhere.ruleset(), HookPoint::kInput, packet())->kind, Kind::kDrop);
}

TEST(NftWalk, TheEndOfABaseChainAccepts) {
  const Rules rules = Rules().base("c", {marker("a"), marker("b")});
  EXPECT_TRUE(rules.run(packet()).accepted());
  EXPECT_THAT(rules.path(packet()), ElementsAre("c 0", "c 1"));
}

TEST(NftWalk, DropRejectAndAcceptEndTheChain) {
  EXPECT_EQ(Rules().base("c", {{{drop()}, ""}, marker("never")}).run(packet()).kind, Kind::kDrop);
  EXPECT_EQ(Rules().base("c", {{{accept()}, ""}, {{drop()}, ""}}).run(packet()).kind,
            Kind::kAccept);
  for (const Reject::With with :
       {Reject::With::kPortUnreachable, Reject::With::kTcpReset, Reject::With::kAdminProhibited}) {
    const WalkOutcome outcome = Rules().base("c", {{{Reject{with}}, ""}}).run(packet());
    EXPECT_EQ(outcome.kind, Kind::kReject);
    EXPECT_EQ(outcome.with, with);
  }
}

TEST(NftWalk, ARuleThatDoesNotMatchDoesNothing) {
  const Rules rules = Rules().base(
      "c", {{{Meta{MetaKey::kL4Proto, kReg}, Cmp{CmpOp::kEqual, kReg, raw({kUdp})}, drop()}, ""}});
  EXPECT_TRUE(rules.run(packet()).accepted());
  EXPECT_THAT(rules.path(packet()), IsEmpty());
}

TEST(NftWalk, BaseChainsComeByPriorityAndAcceptEndsOnlyItsOwn) {
  const auto at = [](int priority) {
    return Hook{HookType::kFilter, HookPoint::kForward, priority};
  };
  const Rules rules = Rules()
                          .base("a-late", {{{Reject{}}, ""}}, at(10))
                          .base("b-early", {marker("first"), {{accept()}, ""}, marker("x")}, at(-5))
                          .base("c-last", {marker("never")}, at(20));
  EXPECT_EQ(rules.run(packet()).kind, Kind::kReject);
  EXPECT_THAT(rules.path(packet()), ElementsAre("b-early 0", "b-early 1", "a-late 0"));
}

TEST(NftWalk, JumpReturnsBehindItself) {
  const Rules rules = Rules()
                          .base("c", {{{jump("sub")}, ""}, marker("after")})
                          .chain("sub", {marker("in"), {{returns()}, ""}, marker("never")});
  EXPECT_THAT(rules.path(packet()), ElementsAre("c 0", "sub 0", "sub 1", "c 1"));
}

TEST(NftWalk, TheEndOfAChainReturnsToo) {
  const Rules rules = Rules()
                          .base("c", {{{jump("sub")}, ""}, marker("after")})
                          .chain("sub", {{{jump("subsub")}, ""}})
                          .chain("subsub", {marker("in")});
  EXPECT_THAT(rules.path(packet()), ElementsAre("c 0", "sub 0", "subsub 0", "c 1"));
}

TEST(NftWalk, GotoDoesNotReturn) {
  const Rules rules = Rules()
                          .base("c", {{{gotoChain("sub")}, ""}, {{drop()}, ""}})
                          .chain("sub", {marker("in"), {{returns()}, ""}});
  EXPECT_THAT(rules.path(packet()), ElementsAre("c 0", "sub 0", "sub 1"));
  EXPECT_TRUE(rules.run(packet()).accepted());
}

TEST(NftWalk, GotoFromAJumpedChainReturnsToTheJump) {
  const Rules rules = Rules()
                          .base("c", {{{jump("sub")}, ""}, marker("after the jump")})
                          .chain("sub", {{{gotoChain("other")}, ""}, {{drop()}, ""}})
                          .chain("other", {marker("in")});
  EXPECT_THAT(rules.path(packet()), ElementsAre("c 0", "sub 0", "other 0", "c 1"));
}

TEST(NftWalk, ReturnInABaseChainIsItsEnd) {
  EXPECT_TRUE(Rules().base("c", {{{returns()}, ""}, {{drop()}, ""}}).run(packet()).accepted());
}

TEST(NftWalk, AcceptInASubchainEndsTheBaseChain) {
  const Rules rules =
      Rules().base("c", {{{jump("sub")}, ""}, {{drop()}, ""}}).chain("sub", {{{accept()}, ""}});
  EXPECT_TRUE(rules.run(packet()).accepted());
}

TEST(NftWalk, LoopsAndDepthAreErrors) {
  for (const auto& next : {jump, gotoChain}) {
    const auto looping = Rules()
                             .base("c", {{{jump("a")}, ""}})
                             .chain("a", {{{next("b")}, ""}})
                             .chain("b", {{{next("a")}, "round"}})
                             .tryWalk(packet());
    ASSERT_FALSE(looping);
    EXPECT_THAT(looping.error().text(), HasSubstr("rule 0"));
    EXPECT_THAT(looping.error().text(), HasSubstr("form a loop"));
  }
  const auto deep = [](int chains) {
    Rules rules;
    rules.base("0", {{{jump("1")}, ""}});
    for (int i = 1; i < chains; ++i) {
      rules.chain(std::to_string(i), i + 1 < chains
                                         ? std::vector<Rule>{{{jump(std::to_string(i + 1))}, ""}}
                                         : std::vector<Rule>{});
    }
    return rules.tryWalk(packet()).has_value();
  };
  EXPECT_TRUE(deep(16));
  EXPECT_FALSE(deep(17));
}

TEST(NftWalk, AMissingChainIsAnError) {
  const auto outcome = Rules().base("c", {{{jump("gone")}, "why"}}).tryWalk(packet());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().text(),
            "chain c, rule 0 (why): leads to chain gone, which does not exist");
}

TEST(NftWalk, TranslationIsAskedAboutFirstPacketsOnly) {
  const Rules rules =
      Rules().base("c", {{{Masquerade{}}, ""}}, {HookType::kNat, HookPoint::kForward, 100});
  WalkPacket later = packet();
  later.connection->state = NF_CT_STATE_BIT(IP_CT_ESTABLISHED);
  EXPECT_TRUE(rules.run(later).accepted());
  EXPECT_FALSE(rules.tryWalk(packet()));
}

TEST(NftWalk, WhatCannotBeFollowedIsAnErrorOnlyWhenReached) {
  SetSpec filled{"filled", SetSpec::Kind::kMap, {FieldType::kMark}, {FieldType::kMark}, ""};
  filled.dynamic = true;
  const std::vector<std::pair<Expr, const char*>> cases = {
      {Dnat{IpFamily::kV4, kReg, {}}, "dnat"},
      {Redirect{kReg}, "redirect"},
      {Masquerade{}, "masquerade"},
      {Foreign{"quota"}, "quota"},
      {RandomNumber{4, 0, kReg}, "numgen random mod 4"},
      {NoTrack{}, "notrack"},
      {in("filled"), "@filled: packets fill it"},
      {in("gone"), "@gone: there is no such set"},
      {Payload{PayloadBase::kTransport, 18, 2, kReg}, "tcp urgptr"},
      {Payload{PayloadBase::kNetwork, 1000, 4, kReg}, "@nh,8000,32"}};
  for (const auto& [expr, name] : cases) {
    const Rule rule{{expr}, "odd"};
    const auto reached = Rules().set(filled, {}).base("c", {rule}).tryWalk(packet());
    ASSERT_FALSE(reached) << name;
    EXPECT_THAT(reached.error().text(), HasSubstr(name));
    EXPECT_THAT(reached.error().text(), HasSubstr("chain c, rule 0 (odd): cannot follow"));
    EXPECT_TRUE(Rules().base("c", {{{accept()}, ""}, rule}).run(packet()).accepted()) << name;
  }
}

TEST(NftWalk, LinesSayWhatWasFoundAndWhereItLed) {
  const Rules rules =
      Rules()
          .set({"egress", SetSpec::Kind::kVerdictMap, {FieldType::kIpv4Addr}, {}, ""},
               {{Datum().address(ip("10.0.0.1")),
                 {Verdict{VerdictKind::kJump, "pods"}, "default/web", {}}}})
          .base("c", {{{Ct{CtKey::kOriginalSourceV4, kReg}, in("egress", Lookup::Result::kVerdict)},
                       "who sends"}})
          .chain("pods", {{{Reject{Reject::With::kAdminProhibited}}, ""}});
  const WalkOutcome outcome = rules.run(packet());
  EXPECT_THAT(lines(outcome, rules.ruleset()),
              ElementsAre("c 0: ct original ip saddr vmap @egress comment \"who sends\" "
                          "[10.0.0.1 \"default/web\"] -> jump pods",
                          "pods 0: reject with icmpx admin-prohibited"));
  EXPECT_EQ(render(outcome), "reject with icmpx admin-prohibited");
  EXPECT_EQ(render(Rules().run(packet())), "accept");
  EXPECT_EQ(outcome.steps[0].hits, (std::vector<WalkHit>{{"egress", "10.0.0.1", "default/web"}}));
  EXPECT_EQ(outcome.steps[0].verdict, (Verdict{VerdictKind::kJump, "pods"}));
}

}  // namespace
}  // namespace hitless::nft::walking

#include "core/nft/walk_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include "core/nft/walk_fixture.h"

/// What each expression does.
namespace hitless::nft::walking {
namespace {

using ::testing::HasSubstr;

Datum number(std::uint32_t value) {
  return Datum().number(value);
}
Expr ct(CtKey key) {
  return Ct{key, kReg};
}

TEST(NftWalkExpr, Meta) {
  WalkPacket p = packet();
  p.inputInterface = "veth-1";
  p.mark = 0x4000;
  EXPECT_TRUE(equals(Meta{MetaKey::kNfproto, kReg}, raw({2}), p));
  EXPECT_TRUE(equals(Meta{MetaKey::kNfproto, kReg}, raw({10}), packetV6()));
  EXPECT_TRUE(equals(Meta{MetaKey::kL4Proto, kReg}, raw({kTcp}), p));
  EXPECT_FALSE(equals(Meta{MetaKey::kL4Proto, kReg}, raw({kUdp}), p));
  EXPECT_TRUE(equals(Meta{MetaKey::kMark, kReg}, number(0x4000), p));
  const Expr name = Meta{MetaKey::kInputName, kReg};
  EXPECT_TRUE(equals(name, raw({'v', 'e', 't', 'h', '-', '1', 0}), p));
  EXPECT_TRUE(equals(name, raw({'v', 'e', 't', 'h'}), p));
  EXPECT_FALSE(equals(name, raw({'v', 'e', 't', 'h', 0}), p));
  p.outputInterface = "lo";
  EXPECT_TRUE(equals(Meta{MetaKey::kOutputName, kReg}, raw({'l', 'o', 0}), p));
  p.priority = 5;
  EXPECT_TRUE(equals(Meta{MetaKey::kPriority, kReg}, number(5), p));
  p.socketUser = 1337;
  EXPECT_TRUE(equals(Meta{MetaKey::kSocketUser, kReg}, number(1337), p));
  EXPECT_FALSE(matches({Meta{MetaKey::kSocketUser, kReg}}, packet())) << "no socket of ours";
}

TEST(NftWalkExpr, PayloadOfBothFamilies) {
  const auto net = [](std::uint32_t offset, std::uint32_t length) {
    return Payload{PayloadBase::kNetwork, offset, length, kReg};
  };
  const auto transport = [](std::uint32_t offset, std::uint32_t length) {
    return Payload{PayloadBase::kTransport, offset, length, kReg};
  };
  EXPECT_TRUE(equals(net(12, 4), raw({10, 0, 0, 1}), packet()));
  EXPECT_TRUE(equals(net(16, 4), raw({10, 0, 0, 2}), packet()));
  EXPECT_TRUE(equals(net(16, 1), raw({10}), packet()));
  EXPECT_TRUE(equals(net(8, 16), Datum().address(ip("fd00::1")), packetV6()));
  EXPECT_TRUE(equals(net(24, 16), Datum().address(ip("fd00::2")), packetV6()));
  EXPECT_TRUE(equals(transport(0, 2), raw({0x9c, 0x40}), packet()));
  EXPECT_TRUE(equals(transport(2, 2), raw({0, 80}), packet()));
  EXPECT_TRUE(equals(transport(13, 1), raw({0x02}), packet()));
  WalkPacket icmp = packetV6();
  icmp.protocol = 58;
  icmp.icmpType = 135;
  EXPECT_TRUE(equals(transport(0, 1), raw({135}), icmp));
}

TEST(NftWalkExpr, WrittenHeadersAreRead) {
  EXPECT_TRUE(matches({Constant{kReg, raw({'h', 'l'})}, WriteTransport{18, 2, 16, kReg},
                       Payload{PayloadBase::kTransport, 18, 2, Register{4}},
                       Cmp{CmpOp::kEqual, Register{4}, raw({'h', 'l'})}},
                      packet()));
}

TEST(NftWalkExpr, TheConnectionsEnds) {
  WalkPacket p = packet();
  p.connection->replySource = ip("10.0.0.9");
  p.connection->replySourcePort = 8080;
  EXPECT_TRUE(equals(ct(CtKey::kOriginalSourceV4), raw({10, 0, 0, 1}), p));
  EXPECT_TRUE(equals(ct(CtKey::kOriginalDestinationV4), raw({10, 0, 0, 2}), p));
  EXPECT_TRUE(equals(ct(CtKey::kOriginalDestinationPort), raw({0, 80}), p));
  EXPECT_TRUE(equals(ct(CtKey::kReplySourceV4), raw({10, 0, 0, 9}), p));
  EXPECT_TRUE(equals(ct(CtKey::kReplySourcePort), raw({0x1f, 0x90}), p));
  const WalkPacket six = packetV6();
  EXPECT_TRUE(equals(ct(CtKey::kOriginalSourceV6), Datum().address(ip("fd00::1")), six));
  EXPECT_TRUE(equals(ct(CtKey::kOriginalDestinationV6), Datum().address(ip("fd00::2")), six));
  EXPECT_TRUE(equals(ct(CtKey::kReplySourceV6), Datum().address(ip("fd00::2")), six));
  // A key of the other family ends the rule.
  EXPECT_FALSE(matches({ct(CtKey::kOriginalSourceV6)}, p));
  EXPECT_FALSE(matches({ct(CtKey::kReplySourceV4)}, six));
}

TEST(NftWalkExpr, TheConnectionsState) {
  WalkPacket p = packet();
  p.connection->status = IPS_SEEN_REPLY | IPS_DST_NAT;
  EXPECT_TRUE(equals(ct(CtKey::kState), number(NF_CT_STATE_BIT(IP_CT_NEW)), p));
  EXPECT_TRUE(equals(ct(CtKey::kStatus), number(IPS_SEEN_REPLY | IPS_DST_NAT), p));
  EXPECT_TRUE(equals(ct(CtKey::kDirection), raw({0}), p));
  p.connection->reply = true;
  EXPECT_TRUE(equals(ct(CtKey::kDirection), raw({1}), p));
}

TEST(NftWalkExpr, WithoutConnectionOnlyTheStateIsKnown) {
  WalkPacket p = packet();
  p.connection.reset();
  EXPECT_TRUE(equals(ct(CtKey::kState), number(NF_CT_STATE_INVALID_BIT), p));
  p.untracked = true;
  EXPECT_TRUE(equals(ct(CtKey::kState), number(NF_CT_STATE_UNTRACKED_BIT), p));
  for (const CtKey key : {CtKey::kStatus, CtKey::kDirection, CtKey::kOriginalSourceV4,
                          CtKey::kOriginalDestinationPort, CtKey::kReplySourceV4,
                          CtKey::kReplySourcePort, CtKey::kLabels}) {
    EXPECT_FALSE(matches({ct(key)}, p));
  }
  const auto labelled =
      Rules().base("c", {{{Constant{kReg, Datum().labels({1})}, AddLabels{kReg}, accept()}, ""}});
  EXPECT_EQ(labelled.run(p).addedLabels, Datum().labels({}));
}

TEST(NftWalkExpr, LabelsAddUpAndAreSeenByLaterRules) {
  const auto add = [](unsigned label) {
    return Rule{{Constant{kReg, Datum().labels({label})}, AddLabels{kReg}}, ""};
  };
  const auto has = [](std::initializer_list<unsigned> labels) {
    return Rule{{ct(CtKey::kLabels), Cmp{CmpOp::kEqual, kReg, Datum().labels(labels)}, drop()}, ""};
  };
  WalkPacket p = packet();
  p.connection->labels = Datum().labels({64});
  const WalkOutcome outcome = Rules().base("c", {add(3), add(127), has({3, 64, 127})}).run(p);
  EXPECT_FALSE(outcome.accepted());
  EXPECT_EQ(outcome.addedLabels, Datum().labels({3, 127}));
}

TEST(NftWalkExpr, SourceTypeAndMarks) {
  WalkPacket p = packet();
  EXPECT_TRUE(equals(SourceType{kReg}, number(RTN_UNICAST), p));
  p.fromOwnAddress = true;
  EXPECT_TRUE(equals(SourceType{kReg}, number(RTN_LOCAL), p));
  p.mark = 0x11;
  const std::vector<Expr> set = {Meta{MetaKey::kMark, kReg},
                                 Mask{kReg, kReg, number(~0x8U), number(0x8)}, SetMark{kReg}};
  EXPECT_EQ(Rules().base("c", {{set, ""}}).run(p).mark, 0x19U);
  EXPECT_EQ(Rules().run(p).mark, 0x11U);
  EXPECT_TRUE(matches(
      {Meta{MetaKey::kMark, kReg}, Mask{kReg, Register{4}, number(0x10)},
       Cmp{CmpOp::kEqual, Register{4}, number(0x10)}, Cmp{CmpOp::kEqual, kReg, number(0x11)}},
      p));
}

TEST(NftWalkExpr, WhatLeavesThePacketAloneIsPassed) {
  EXPECT_TRUE(matches({UpdateMap{"m", kReg, kReg, 1000}, Log{1, 64}}, packet()));
  EXPECT_TRUE(equals(RandomNumber{1, 7, kReg}, number(7), packet()));
}

const SetSpec kAddresses{"s", SetSpec::Kind::kSet, {FieldType::kIpv4Addr}, {}, ""};

TEST(NftWalkExpr, SetsMatchOrDoNot) {
  const Expr load = ct(CtKey::kOriginalSourceV4);
  for (const bool there : {true, false}) {
    const Datum key = Datum().address(ip(there ? "10.0.0.1" : "10.0.0.7"));
    const auto matched = [&](Lookup::Result result) {
      return !Rules()
                  .set(kAddresses, {{key, {}}})
                  .base("c", {{{load, in("s", result)}, ""}})
                  .path(packet())
                  .empty();
    };
    EXPECT_EQ(matched(Lookup::Result::kMatch), there);
    EXPECT_EQ(matched(Lookup::Result::kNoMatch), !there);
  }
}

TEST(NftWalkExpr, IntervalsIncludeBothTheirEnds) {
  SetSpec spec{"s", SetSpec::Kind::kSet, {FieldType::kInetService}, {}, ""};
  spec.interval = true;
  const auto range = [](std::uint16_t last) { return ElementValue{{}, {}, Datum().port(last)}; };
  Rules rules;
  rules.set(spec, {{Datum().port(80), range(90)}, {Datum().port(100), range(100)}})
      .base("c", {{{ct(CtKey::kReplySourcePort), in("s")}, ""}});
  const auto hit = [&](std::uint16_t port) {
    const auto outcome = rules.run(opening(kTcp, ip("10.0.0.1"), 1, ip("10.0.0.2"), port));
    return outcome.steps.empty() ? std::string("none") : outcome.steps[0].hits[0].key;
  };
  EXPECT_EQ(hit(79), "none");
  EXPECT_EQ(hit(80), "80-90");
  EXPECT_EQ(hit(90), "80-90");
  EXPECT_EQ(hit(91), "none");
  EXPECT_EQ(hit(99), "none");
  EXPECT_EQ(hit(100), "100");
  EXPECT_EQ(hit(65535), "none");
}

TEST(NftWalkExpr, ConcatenatedKeysLieInRegistersSideBySide) {
  const SetSpec spec{"s",
                     SetSpec::Kind::kSet,
                     {FieldType::kIpv4Addr, FieldType::kInetProto, FieldType::kInetService},
                     {},
                     ""};
  Rules rules;
  rules.set(spec, {{Datum().address(ip("10.0.0.2")).protocol(kTcp).port(80), {{}, "http", {}}}})
      .base("c", {{{Ct{CtKey::kReplySourceV4, Register{0}}, Meta{MetaKey::kL4Proto, Register{1}},
                    Ct{CtKey::kReplySourcePort, Register{2}}, in("s")},
                   ""}});
  const auto hits = [&](std::uint8_t protocol, std::uint16_t port) {
    return rules.path(opening(protocol, ip("10.0.0.1"), 1, ip("10.0.0.2"), port)).size();
  };
  EXPECT_EQ(hits(kTcp, 80), 1U);
  EXPECT_EQ(hits(kUdp, 80), 0U);
  EXPECT_EQ(hits(kTcp, 81), 0U);
  EXPECT_EQ(rules.run(packet()).steps[0].hits,
            (std::vector<WalkHit>{{"s", "10.0.0.2 . tcp . 80", "http"}}));
}

TEST(NftWalkExpr, MapsLoadValuesAndVerdictMapsAct) {
  const Datum key = Datum().address(ip("10.0.0.1"));
  const SetSpec values{"m", SetSpec::Kind::kMap, {FieldType::kIpv4Addr}, {FieldType::kMark}, ""};
  EXPECT_EQ(Rules()
                .set(values, {{key, {number(5), {}, {}}}})
                .base("c", {{{ct(CtKey::kOriginalSourceV4), in("m", Lookup::Result::kValue),
                              Cmp{CmpOp::kEqual, kReg, number(5)}, drop()},
                             ""}})
                .run(packet())
                .kind,
            WalkOutcome::Kind::kDrop);
  const SetSpec verdicts{"v", SetSpec::Kind::kVerdictMap, {FieldType::kIpv4Addr}, {}, ""};
  const auto outcome = [&](Verdict verdict) {
    return Rules()
        .set(verdicts, {{key, {std::move(verdict), {}, {}}}})
        .base("c", {{{ct(CtKey::kOriginalSourceV4), in("v", Lookup::Result::kVerdict)}, ""},
                    {{drop()}, "after"}})
        .chain("sub", {{{accept()}, ""}})
        .chain("empty", {})
        .run(packet())
        .accepted();
  };
  EXPECT_TRUE(outcome({VerdictKind::kAccept, ""}));
  EXPECT_TRUE(outcome({VerdictKind::kGoto, "sub"}));
  EXPECT_TRUE(outcome({VerdictKind::kGoto, "empty"}));
  EXPECT_FALSE(outcome({VerdictKind::kJump, "empty"}));
  EXPECT_FALSE(outcome({VerdictKind::kDrop, ""}));
  EXPECT_TRUE(outcome({VerdictKind::kReturn, ""}));
}

TEST(NftWalkExpr, AVerdictMapWithoutTheKeyIsPassed) {
  const SetSpec verdicts{"v", SetSpec::Kind::kVerdictMap, {FieldType::kIpv4Addr}, {}, ""};
  EXPECT_FALSE(
      Rules()
          .set(verdicts, {})
          .base("c", {{{ct(CtKey::kOriginalSourceV4), in("v", Lookup::Result::kVerdict)}, ""},
                      {{drop()}, ""}})
          .run(packet())
          .accepted());
}

TEST(NftWalkExpr, RegistersBeyondTheFileAreHarmless) {
  EXPECT_FALSE(matches({Ct{CtKey::kOriginalSourceV4, Register{200}},
                        Cmp{CmpOp::kEqual, Register{200}, raw({10, 0, 0, 1})}},
                       packet()));
}

}  // namespace
}  // namespace hitless::nft::walking

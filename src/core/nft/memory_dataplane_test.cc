#include "core/nft/memory_dataplane.h"

#include <gtest/gtest.h>

#include "core/nft/decode.h"
#include "core/nft/diff.h"
#include "core/nft/encode.h"
#include "core/nft/text.h"
#include "testing/result.h"

namespace hitless::nft {
namespace {

Transaction adding(Hook hook) {
  return {"t", {AddTable{{"t", ""}}, AddChain{{"c", hook, ""}}}};
}

TEST(NftMemory, OnlyTheOutputHookRoutesAnew) {
  MemoryDataplane memory("t");
  const auto refused = memory.apply(adding({HookType::kRoute, HookPoint::kPrerouting, -300}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().osError, EOPNOTSUPP);
  EXPECT_FALSE(memory.ruleset().table);
  ASSERT_OK(memory.apply(adding({HookType::kRoute, HookPoint::kOutput, -300})));
}

void expectDecodesToItself(const Ruleset& ruleset) {
  Decoder decoder("t");
  for (const Batch& batch : encode(diff({}, ruleset), 1, 4096)) {
    for (const auto& message : netlink::parseMessages(batch.bytes)) {
      decoder.add(message);
    }
  }
  EXPECT_TRUE(decoder.ruleset() == ruleset);
}

TEST(NftEncode, MarksDecodeToThemselves) {
  Ruleset ruleset;
  ruleset.table = TableSpec{"t", ""};
  const Register reg{0};
  ruleset.addChain({"c", Hook{HookType::kRoute, HookPoint::kOutput, -300}, ""}).rules = {
      {{Meta{MetaKey::kMark, reg}, Mask{reg, reg, Datum().number(~8U), Datum().number(8)},
        SetMark{reg}, NoTrack{}},
       ""},
      {{Meta{MetaKey::kMark, reg}, Mask{reg, reg, Datum().number(8)},
        Cmp{CmpOp::kNotEqual, reg, Datum().number(0)}},
       ""}};
  expectDecodesToItself(ruleset);
}

TEST(NftEncode, RedirectionsDecodeToThemselves) {
  Ruleset ruleset;
  ruleset.table = TableSpec{"t", ""};
  const Register reg{0};
  const std::array<std::uint8_t, 2> port{0x3a, 0x9e};
  ruleset.addChain({"c", Hook{HookType::kNat, HookPoint::kOutput, -100}, ""}).rules = {
      {{Meta{MetaKey::kSocketUser, reg}, Cmp{CmpOp::kEqual, reg, Datum().number(1337)},
        Act{{VerdictKind::kReturn, {}}}},
       ""},
      {{Meta{MetaKey::kMark, reg}, Cmp{CmpOp::kNotEqual, reg, Datum().number(0x539)},
        Constant{reg, Datum(port)}, Redirect{reg}},
       ""},
      {{Meta{MetaKey::kPriority, reg}, Cmp{CmpOp::kEqual, reg, Datum().number(5)}}, ""}};
  expectDecodesToItself(ruleset);
  EXPECT_EQ(render(ruleset.chains.at("c").rules[0], ruleset), "meta skuid 1337 return");
  EXPECT_EQ(render(ruleset.chains.at("c").rules[1], ruleset),
            "meta mark != 0x00000539 redirect to :15006");
  EXPECT_EQ(render(ruleset.chains.at("c").rules[2], ruleset), "meta priority 0:5");
}

TEST(NftEncode, WhatChangesHeadersAndLabelsDecodesToItself) {
  Ruleset ruleset;
  ruleset.table = TableSpec{"t", ""};
  const Register reg{0};
  const Datum label = Datum().labels({1, 126});
  const Datum none = Datum().labels({});
  const std::array<std::uint8_t, 2> bytes{0x68, 0x6c};
  ruleset.addChain({"c", std::nullopt, ""}).rules = {
      {{Constant{reg, Datum(bytes)}, WriteTransport{18, 2, 16, reg}}, ""},
      {{Constant{Register{8}, label}, AddLabels{Register{8}}}, ""},
      {{Ct{CtKey::kLabels, reg}, Mask{reg, reg, label}, Cmp{CmpOp::kEqual, reg, none}}, ""}};
  expectDecodesToItself(ruleset);
  EXPECT_EQ(render(ruleset.chains.at("c").rules[0], ruleset), "tcp urgptr set 0x686c");
  EXPECT_EQ(render(ruleset.chains.at("c").rules[1], ruleset), "ct label set 1,126");
  EXPECT_EQ(render(ruleset.chains.at("c").rules[2], ruleset), "ct label ! 1,126");
}

}  // namespace
}  // namespace hitless::nft

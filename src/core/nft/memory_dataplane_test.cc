#include "core/nft/memory_dataplane.h"

#include <gtest/gtest.h>

#include "core/nft/decode.h"
#include "core/nft/diff.h"
#include "core/nft/encode.h"
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
  Decoder decoder("t");
  for (const Batch& batch : encode(diff({}, ruleset), 1, 4096)) {
    for (const auto& message : netlink::parseMessages(batch.bytes)) {
      decoder.add(message);
    }
  }
  EXPECT_TRUE(decoder.ruleset() == ruleset);
}

}  // namespace
}  // namespace hitless::nft

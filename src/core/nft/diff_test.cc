#include "core/nft/diff.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "core/nft/apply.h"
#include "core/nft/decode.h"
#include "core/nft/encode.h"

namespace hitless::nft {
namespace {

/// A small random ruleset that the kernel would accept: chain i jumps only to chains behind it.
Ruleset arbitraryRuleset() {
  Ruleset ruleset;
  if (*rc::gen::inRange(0, 8) == 0) {
    return ruleset;
  }
  ruleset.table = TableSpec{"t", *rc::gen::element<std::string>("", "note")};
  for (int i = 0; i < 4; ++i) {
    if (*rc::gen::inRange(0, 3) != 0) {
      const bool map = i % 2 == 1;
      Set& set = ruleset.addSet({fmt::format("s{}", i),
                                 map ? SetSpec::Kind::kMap : SetSpec::Kind::kSet,
                                 {FieldType::kMark},
                                 map ? std::vector{FieldType::kMark} : std::vector<FieldType>{},
                                 *rc::gen::element<std::string>("", "", "", "x")});
      for (const auto key :
           *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 12U))) {
        set.elements[Datum().number(key)] = {map ? std::variant<std::monostate, Datum, Verdict>(
                                                       Datum().number(*rc::gen::inRange(0U, 3U)))
                                                 : std::monostate{},
                                             *rc::gen::element<std::string>("", "c")};
      }
    }
  }
  for (int i = 0; i < 5; ++i) {
    if (*rc::gen::inRange(0, 3) != 0) {
      const bool base = i == 0;
      ruleset.addChain({fmt::format("c{}", i), base ? std::optional(Hook{}) : std::nullopt, {}});
    }
  }
  Set* verdicts = nullptr;
  if (*rc::gen::inRange(0, 2) != 0) {
    verdicts = &ruleset.addSet({"v", SetSpec::Kind::kVerdictMap, {FieldType::kMark}, {}, {}});
  }
  for (auto& [name, chain] : ruleset.chains) {
    for (const auto& [target, ignored] : ruleset.chains) {
      if (target > name && target != "c0" && *rc::gen::inRange(0, 2) != 0) {
        chain.rules.push_back({{Act{{VerdictKind::kJump, target}}}, ""});
      }
      if (verdicts != nullptr && target == "c4" && *rc::gen::inRange(0, 2) != 0) {
        verdicts->elements[Datum().number(*rc::gen::inRange(0U, 4U))] = {
            Verdict{VerdictKind::kGoto, target}, ""};
      }
    }
    for (const auto& [set, ignored] : ruleset.sets) {
      const bool verdict = set == "v";
      if (*rc::gen::inRange(0, 3) == 0 && !(verdict && name == "c4")) {
        chain.rules.push_back(
            {{Meta{MetaKey::kL4Proto, {0}},
              Lookup{set, {0}, verdict ? Lookup::Result::kVerdict : Lookup::Result::kMatch, {}}},
             *rc::gen::element<std::string>("", "because")});
      }
    }
  }
  return ruleset;
}

RC_GTEST_PROP(NftDiff, AppliedToTheOldGivesTheNew, ()) {
  const Ruleset before = arbitraryRuleset();
  const Ruleset after = arbitraryRuleset();
  Ruleset current = before;
  std::size_t failed = 0;
  const Transaction transaction = diff(before, after);
  const int err = applyTo(current, transaction, failed);
  RC_LOG() << "errno " << err << " at " << failed;
  RC_ASSERT(err == 0);
  RC_ASSERT(current == after);
  RC_ASSERT(diff(after, after).empty());
}

RC_GTEST_PROP(NftDiff, EncodedOperationsDecodeToTheSameRuleset, ()) {
  // The kernel answers dumps with the messages that made the objects, so a load decodes to itself.
  const Ruleset ruleset = arbitraryRuleset();
  Decoder decoder("t");
  for (const Batch& batch : encode(diff({}, ruleset), 1, 4096)) {
    RC_ASSERT(batch.operationOf.size() == batch.lastSequence - batch.beginSequence);
    for (const auto& message : netlink::parseMessages(batch.bytes)) {
      decoder.add(message);
    }
  }
  RC_ASSERT(decoder.ruleset() == ruleset);
}

RC_GTEST_PROP(NftDecode, SurvivesAnyBytes, (netlink::Bytes bytes)) {
  for (const std::uint16_t type : {0x0a00, 0x0a03, 0x0a06, 0x0a09, 0x0a0c}) {
    netlink::Bytes framed;
    netlink::Writer writer(framed);
    writer.begin(type, 0, 1);
    writer.put(0x0001, {});
    std::memcpy(framed.data() + 16, "\x01\0\0\0", 4);  // nfgenmsg of family inet
    writer.putString(1, "t");
    framed.insert(framed.end(), bytes.begin(), bytes.end());
    writer.end();
    Decoder decoder("t");
    for (const auto& message : netlink::parseMessages(framed)) {
      decoder.add(message);
    }
    RC_ASSERT(decoder.ruleset().chains.size() + decoder.ruleset().sets.size() <= 2);
  }
}

TEST(NftDiff, AChangedValueIsOneReplacedElement) {
  Ruleset before;
  before.table = TableSpec{"t", ""};
  Set& set = before.addSet({"m", SetSpec::Kind::kMap, {FieldType::kMark}, {FieldType::kMark}, ""});
  set.elements[Datum().number(1)] = {Datum().number(10), ""};
  set.elements[Datum().number(2)] = {Datum().number(20), ""};
  Ruleset after = before;
  after.sets["m"].elements[Datum().number(2)] = {Datum().number(21), ""};
  const Transaction transaction = diff(before, after);
  ASSERT_EQ(transaction.operations.size(), 1U);
  EXPECT_EQ(describe(transaction.operations[0]), "replace 1 element of m");
}

TEST(NftEncode, ALargeTransactionIsCutWithoutPartingReplacements) {
  Transaction transaction{"t", {}};
  ReplaceElements replace{"m", {}};
  for (std::uint32_t i = 0; i < 20000; ++i) {
    replace.elements.emplace_back(Datum().number(i), ElementValue{Datum().number(i), ""});
  }
  transaction.operations.emplace_back(std::move(replace));
  const auto batches = encode(transaction, 100, 200'000);
  ASSERT_GT(batches.size(), 2U);
  std::uint32_t next = 100;
  for (const Batch& batch : batches) {
    EXPECT_LE(batch.bytes.size(), 200'000U);
    EXPECT_EQ(batch.beginSequence, next);
    EXPECT_EQ(batch.operationOf.size() % 2, 0U);
    next = batch.lastSequence + 2;
  }
}

}  // namespace
}  // namespace hitless::nft

#include "core/dns/cache_part.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "testing/dns_messages.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;

struct Kept {
  explicit Kept(const std::string& name, std::size_t records = 1) {
    DnsReply what;
    what.answers.assign(records, a(60, "10.0.0.1"));
    const Bytes packet = reply(message({name}), what);
    entry.reply = KeptReply(packet, *summarize(packet));
    entry.hash = KeyHash(1, 2)(entry.key());
  }
  CacheEntry entry;
};

std::string nameOf(int number) {
  return fmt::format("n{}.example.", number);
}

bool holds(CachePart& part, int number) {
  const Kept kept(nameOf(number));
  return part.find(kept.entry.hash, kept.entry.key()) != nullptr;
}

TEST(DnsCachePart, IsBoundedInEntries) {
  CachePart part(10, 1 << 20);
  std::size_t evicted = 0;
  for (int i = 0; i < 100; ++i) {
    evicted += part.put(Kept(nameOf(i)).entry);
  }
  EXPECT_EQ(part.size(), 10U);
  EXPECT_EQ(evicted, 90U);
  EXPECT_TRUE(holds(part, 99));
  CachePart none(0, 1 << 20);
  none.put(Kept(nameOf(1)).entry);
  EXPECT_EQ(none.size(), 0U);
}

TEST(DnsCachePart, IsBoundedInBytes) {
  CachePart part(1000, 20000);
  for (int i = 0; i < 200; ++i) {
    part.put(Kept(nameOf(i), 50).entry);
    ASSERT_LE(part.bytes(), 20000U);
  }
  EXPECT_GT(part.size(), 10U);
  part.put(Kept(nameOf(500), 3000).entry);  // Larger than all of it.
  EXPECT_FALSE(holds(part, 500));
  EXPECT_GT(part.size(), 10U);
}

TEST(DnsCachePart, GivesWhatIsUsedASecondChance) {
  CachePart part(8, 1 << 20);
  part.put(Kept(nameOf(0)).entry);
  const Kept used(nameOf(0));
  for (int i = 1; i < 200; ++i) {
    CacheEntry* entry = part.find(used.entry.hash, used.entry.key());
    ASSERT_NE(entry, nullptr) << i;
    entry->recent = true;
    part.put(Kept(nameOf(i)).entry);
  }
}

TEST(DnsCachePart, TellsEverythingInAKeyApart) {
  CachePart part(100, 1 << 20);
  part.put(Kept(nameOf(0)).entry);
  const Kept kept(nameOf(0));
  CacheKey key = kept.entry.key();
  const KeyHash hash(1, 2);
  EXPECT_NE(part.find(hash(key), key), nullptr);
  key.flags = CacheKey::kDnssecOk;
  EXPECT_NE(hash(key), kept.entry.hash);
  EXPECT_EQ(part.find(kept.entry.hash, key), nullptr);
  key.flags = 0;
  key.type = Type::kAaaa;
  EXPECT_EQ(part.find(kept.entry.hash, key), nullptr);
  key.type = Type::kA;
  key.klass = Class::kChaos;
  EXPECT_EQ(part.find(kept.entry.hash, key), nullptr);
}

RC_GTEST_PROP(DnsCachePartProperty, HoldsWhatASetWouldHold, ()) {
  CachePart part(1000, 1 << 20);
  std::map<int, bool> model;
  // Few different hashes, so that runs of the table collide, wrap and are repaired.
  const std::uint64_t mask = *rc::gen::element<std::uint64_t>(0, 3, 63, ~0ULL);
  const auto steps = *rc::gen::container<std::vector<std::pair<bool, int>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 60)));
  for (const auto& [put, number] : steps) {
    Kept kept(nameOf(number));
    kept.entry.hash = (kept.entry.hash & mask) - 2;
    if (put) {
      part.put(std::move(kept.entry));
    } else {
      RC_ASSERT(part.erase(kept.entry.hash, kept.entry.key()) == model[number]);
    }
    model[number] = put;
  }
  std::size_t size = 0;
  for (const auto& [number, there] : model) {
    const Kept kept(nameOf(number));
    RC_ASSERT((part.find((kept.entry.hash & mask) - 2, kept.entry.key()) != nullptr) == there);
    size += there ? 1 : 0;
  }
  RC_ASSERT(part.size() == size);
}

}  // namespace
}  // namespace hitless::dns

#include "core/rules/slots.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <rapidcheck/gtest.h>

namespace hitless::rules {
namespace {

using service::Target;

std::vector<Target> targets(const std::vector<int>& hosts) {
  std::vector<Target> list;
  for (const int host : hosts) {
    list.push_back({IpAddress::v4(static_cast<std::uint32_t>(host)), 80});
  }
  return list;
}

TEST(Slots, ANewEndpointComesBehind) {
  EXPECT_EQ(assignSlots(targets({5, 3}), targets({1, 3, 5})), targets({5, 3, 1}));
}

TEST(Slots, AFreeSlotIsFilledByANewEndpointFirst) {
  EXPECT_EQ(assignSlots(targets({1, 2, 3}), targets({1, 3, 9})), targets({1, 9, 3}));
}

TEST(Slots, AFreeSlotIsFilledFromTheEnd) {
  EXPECT_EQ(assignSlots(targets({1, 2, 3, 4}), targets({1, 3, 4})), targets({1, 4, 3}));
  EXPECT_EQ(assignSlots(targets({1, 2}), targets({})), targets({}));
}

RC_GTEST_PROP(Slots, HoldExactlyTheWantedAndMoveAsFewAsPossible, ()) {
  const auto few = rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 20));
  const auto before = assignSlots({}, targets(*few));
  const auto wanted = targets(*few);
  const auto after = assignSlots(before, wanted);

  auto sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  auto held = after;
  std::sort(held.begin(), held.end());
  RC_ASSERT(held == sorted);

  std::size_t changed = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    changed += i >= before.size() || !(before[i] == after[i]) ? 1 : 0;
  }
  const auto gone = std::count_if(before.begin(), before.end(), [&](const Target& target) {
    return !std::binary_search(sorted.begin(), sorted.end(), target);
  });
  const auto fresh = std::count_if(sorted.begin(), sorted.end(), [&](const Target& target) {
    return std::find(before.begin(), before.end(), target) == before.end();
  });
  RC_ASSERT(changed <= static_cast<std::size_t>(std::max(gone, fresh)));
}

TEST(Slots, WhatDoesNotFitIsLeftOut) {
  std::vector<int> many(kMaxSlots + 5);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = static_cast<int>(i);
  }
  EXPECT_EQ(assignSlots({}, targets(many)).size(), kMaxSlots);
}

}  // namespace
}  // namespace hitless::rules

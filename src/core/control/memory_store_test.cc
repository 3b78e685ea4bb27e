#include "core/control/memory_store.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace hitless::control {
namespace {

using kube::json::object;
namespace res = kube::res;

std::uint64_t revisionOf(const kube::ObjectPtr& stored) {
  return parseUint(kube::text(*stored, {"metadata", "resourceVersion"})).value_or(0);
}

std::vector<std::string> namesOf(const std::vector<StoreEvent>& events) {
  std::vector<std::string> out;
  for (const StoreEvent& event : events) {
    out.push_back(event.name);
  }
  return out;
}

TEST(MemoryStore, OneRevisionCountsAllResources) {
  MemoryStore store;
  const auto pod = store.create(res::kPods, "default", "a", {}).value();
  const auto node = store.create(res::kNodes, "", "n", {}).value();
  EXPECT_EQ(revisionOf(pod), 1U);
  EXPECT_EQ(revisionOf(node), 2U);
  EXPECT_EQ(store.revision(), 2U);
  EXPECT_EQ(store.get(res::kPods, "default", "a"), pod);
  EXPECT_EQ(store.get(res::kPods, "other", "a"), nullptr);
}

TEST(MemoryStore, ListsByNamespaceThenName) {
  MemoryStore store;
  for (const auto& [ns, name] : {std::pair{"b", "x"}, {"a", "z"}, {"a", "y"}, {"ab", "q"}}) {
    ASSERT_TRUE(store.create(res::kPods, ns, name, object{{"key", name}}));
  }
  std::string all;
  for (const auto& pod : store.list(res::kPods, "")) {
    all += kube::text(*pod, {"key"});
  }
  EXPECT_EQ(all, "yzqx");
  EXPECT_EQ(store.list(res::kPods, "a").size(), 2U);
  EXPECT_TRUE(store.list(res::kNodes, "").empty());
}

TEST(MemoryStore, WritesNeedTheCurrentRevision) {
  MemoryStore store;
  const auto first = store.create(res::kPods, "d", "a", {}).value();
  EXPECT_EQ(store.create(res::kPods, "d", "a", {}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(store.update(res::kPods, "d", "a", 9, {}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(store.update(res::kPods, "d", "b", 1, {}).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store.revision(), 1U) << "a refused write uses up no revision";
  const auto second = store.update(res::kPods, "d", "a", 1, {}).value();
  EXPECT_EQ(revisionOf(second), 2U);
  EXPECT_EQ(revisionOf(first), 1U) << "stored objects are immutable";
  EXPECT_EQ(store.remove(res::kPods, "d", "a", 1).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(revisionOf(store.remove(res::kPods, "d", "a", 2).value()), 3U);
  EXPECT_EQ(store.get(res::kPods, "d", "a"), nullptr);
}

TEST(MemoryStore, HistoryIsBoundedOverAllResources) {
  MemoryStore store(3);
  ASSERT_TRUE(store.create(res::kPods, "d", "a", {}));  // 1, forgotten
  ASSERT_TRUE(store.create(res::kNodes, "", "n", {}));  // 2
  ASSERT_TRUE(store.create(res::kPods, "d", "b", {}));  // 3
  ASSERT_TRUE(store.create(res::kPods, "d", "c", {}));  // 4
  EXPECT_EQ(store.since(res::kPods, 0).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store.since(res::kPods, 0).error().message, "too old resource version: 0 (1)");
  EXPECT_EQ(namesOf(store.since(res::kPods, 1).value()), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(namesOf(store.since(res::kPods, 3).value()), std::vector<std::string>{"c"});
  EXPECT_TRUE(store.since(res::kPods, 99).value().empty());
  EXPECT_EQ(namesOf(store.since(res::kNodes, 0).value()), std::vector<std::string>{"n"});
}

TEST(MemoryStore, ListenersSeeEachChangeOnceAndMayCancelThemselves) {
  MemoryStore store;
  std::vector<EventType> seen;
  Store::Subscription second = 0;
  int once = 0;
  store.subscribe([&](const StoreEvent& event) { seen.push_back(event.type); });
  second = store.subscribe([&](const StoreEvent&) {
    ++once;
    store.cancel(second);
  });
  ASSERT_TRUE(store.create(res::kPods, "d", "a", {}));
  ASSERT_TRUE(store.update(res::kPods, "d", "a", 1, {}));
  ASSERT_TRUE(store.remove(res::kPods, "d", "a", 2));
  EXPECT_EQ(seen, (std::vector{EventType::kAdded, EventType::kModified, EventType::kDeleted}));
  EXPECT_EQ(once, 1);
}

/// Whoever lists at any moment and then applies the changes since gets what a list shows later.
RC_GTEST_PROP(MemoryStore, ListPlusChangesIsTheLaterList, ()) {
  MemoryStore store(*rc::gen::inRange<std::size_t>(1, 40));
  std::map<std::string, std::uint64_t> replica;
  std::uint64_t from = 0;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(0, 4)));
  for (const auto& [name, action] : steps) {
    const std::string key = std::to_string(name);
    const kube::ObjectPtr now = store.get(res::kPods, "d", key);
    if (now == nullptr) {
      RC_ASSERT(
          store.create(action == 3 ? res::kConfigMaps : res::kPods, "d", key, {}).has_value() ||
          action == 3);
    } else if (action == 0) {
      RC_ASSERT(store.remove(res::kPods, "d", key, revisionOf(now)).has_value());
    } else {
      RC_ASSERT(store.update(res::kPods, "d", key, revisionOf(now), {}).has_value());
    }
    if (action == 2) {
      const auto changes = store.since(res::kPods, from);
      if (!changes) {  // Too old: list again.
        replica.clear();
        for (const auto& pod : store.list(res::kPods, "d")) {
          replica[std::to_string(revisionOf(pod))] = revisionOf(pod);
        }
      } else {
        std::uint64_t last = from;
        for (const StoreEvent& event : *changes) {
          RC_ASSERT(event.revision > last);
          last = event.revision;
          if (event.previous != nullptr) {
            replica.erase(std::to_string(revisionOf(event.previous)));
          }
          if (event.type != EventType::kDeleted) {
            replica[std::to_string(event.revision)] = event.revision;
          }
        }
      }
      from = store.revision();
      std::map<std::string, std::uint64_t> expected;
      for (const auto& pod : store.list(res::kPods, "d")) {
        expected[std::to_string(revisionOf(pod))] = revisionOf(pod);
      }
      RC_ASSERT(replica == expected);
    }
  }
}

}  // namespace
}  // namespace hitless::control

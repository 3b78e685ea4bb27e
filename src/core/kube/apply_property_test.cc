#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "core/kube/apply.h"

namespace hitless::kube {
namespace {

using Data = std::map<std::string, std::string>;

json::object configOf(const Data& data) {
  json::object map;
  for (const auto& [key, value] : data) {
    map["k" + key] = value;
  }
  json::array env;
  for (const auto& [key, value] : data) {
    env.push_back({{"name", "k" + key}, {"value", value}});
  }
  return {
      {"metadata", {{"name", "x"}, {"annotations", std::move(map)}}},
      {"spec",
       {{"template",
         {{"spec", {{"containers", json::array{{{"name", "c"}, {"env", std::move(env)}}}}}}}}}}};
}

/// Both places where configOf puts the data.
std::pair<Data, Data> dataOf(const json::object& object) {
  std::pair<Data, Data> out;
  if (const json::object* map = findObject(object, {"metadata", "annotations"})) {
    for (const auto& [key, value] : *map) {
      out.first[std::string(key).substr(1)] = std::string(value.as_string());
    }
  }
  const json::array* containers = findArray(object, {"spec", "template", "spec", "containers"});
  if (const json::array* env = findArray(containers->at(0).as_object(), {"env"})) {
    for (const json::value& item : *env) {
      // Who owned a variable keeps it as an item when another has taken, and dropped, its value.
      if (const json::value* value = find(item.as_object(), "value")) {
        out.second[std::string(item.at("name").as_string()).substr(1)] =
            std::string(value->as_string());
      }
    }
  }
  return out;
}

Data anyData() {
  return *rc::gen::resize(8, rc::gen::arbitrary<Data>());
}

json::object apply(const json::object* live, const Data& data, std::string_view manager,
                   bool force) {
  auto outcome =
      serverSideApply(res::kDeployments, live, configOf(data), manager, force, WallTime{});
  RC_ASSERT(outcome.has_value());
  RC_ASSERT(outcome->conflicts.empty());
  return outcome->object;
}

RC_GTEST_PROP(ApplyProperty, OneManagerGetsExactlyItsLastConfiguration, ()) {
  const Data first = anyData();
  const Data second = anyData();
  const json::object live = apply(nullptr, first, "one", false);
  const json::object result = apply(&live, second, "one", false);
  RC_ASSERT(dataOf(result) == std::make_pair(second, second));
}

RC_GTEST_PROP(ApplyProperty, TwoManagersGetTheUnionAndTheLastOneWins, ()) {
  const Data first = anyData();
  const Data second = anyData();
  const json::object live = apply(nullptr, first, "one", false);
  const json::object result = apply(&live, second, "two", true);
  Data expected = second;
  expected.insert(first.begin(), first.end());
  RC_ASSERT(dataOf(result) == std::make_pair(expected, expected));
  // When the second gives everything up, the first keeps what was not taken from it.
  const json::object left = apply(&result, {}, "two", true);
  Data kept;
  for (const auto& [key, value] : first) {
    const auto taken = second.find(key);
    if (taken == second.end() || taken->second == value) {
      kept[key] = value;
    }
  }
  RC_ASSERT(dataOf(left) == std::make_pair(kept, kept));
}

}  // namespace
}  // namespace hitless::kube

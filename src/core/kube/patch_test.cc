#include "core/kube/patch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "testing/fake_rng.h"

namespace hitless::kube {
namespace {

json::value parse(std::string_view text) {
  return parseJson(text).value();
}

/// Any JSON value of bounded depth, deterministic in the generator's state.
json::value anyValue(testing::FakeRng& rng, int depth) {
  constexpr std::string_view kKeys[] = {"a", "b", "spec", "~/", "name", "$patch"};
  switch (rng.below(depth == 0 ? 4 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return static_cast<std::int64_t>(rng.below(3));
    case 2:
      return json::string(kKeys[rng.below(6)]);
    case 3:
      return rng.below(2) == 0;
    case 4: {
      json::array out;
      for (std::uint64_t i = rng.below(4); i > 0; --i) {
        out.push_back(anyValue(rng, depth - 1));
      }
      return out;
    }
    default: {
      json::object out;
      for (std::uint64_t i = rng.below(4); i > 0; --i) {
        out[kKeys[rng.below(6)]] = anyValue(rng, depth - 1);
      }
      return out;
    }
  }
}

json::value withoutNulls(json::value value) {
  if (json::object* object = value.if_object()) {
    for (auto it = object->begin(); it != object->end();) {
      it->value() = withoutNulls(it->value());
      it = it->value().is_null() ? object->erase(it) : std::next(it);
    }
  }
  return value;
}

struct MergeCase {
  const char* document;
  const char* patch;
  const char* result;
};

TEST(MergePatch, DoesTheExamplesOfRfc7386) {
  for (const MergeCase& item : {
           MergeCase{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
           {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
           {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
           {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
           {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
           {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
           {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
           {R"({"a":"foo"})", "null", "null"},
           {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
           {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
       }) {
    json::value document = parse(item.document);
    applyMergePatch(document, parse(item.patch));
    EXPECT_EQ(document, parse(item.result)) << item.patch;
  }
}

RC_GTEST_PROP(MergePatch, AppliedTwiceChangesNothingMore, (std::uint64_t seed)) {
  testing::FakeRng rng(seed);
  json::value document = anyValue(rng, 3);
  const json::value patch = anyValue(rng, 3);
  applyMergePatch(document, patch);
  const json::value once = document;
  applyMergePatch(document, patch);
  RC_ASSERT(document == once);
}

RC_GTEST_PROP(MergePatch, OntoNothingGivesThePatchWithoutNulls, (std::uint64_t seed)) {
  testing::FakeRng rng(seed);
  const json::value patch = anyValue(rng, 3);
  json::value document;
  applyMergePatch(document, patch);
  RC_ASSERT(document == withoutNulls(patch));
}

struct JsonPatchCase {
  const char* document;
  const char* patch;
  const char* result;  ///< nullptr: refused
};

TEST(JsonPatch, DoesWhatRfc6902Says) {
  for (const JsonPatchCase& item : {
           JsonPatchCase{R"({"a":1})", R"([{"op":"add","path":"/b","value":2}])",
                         R"({"a":1,"b":2})"},
           {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
           {R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
           {R"({"a":[1]})", R"([{"op":"add","path":"/a/2","value":2}])", nullptr},
           {R"({"a":[1]})", R"([{"op":"add","path":"/a/01","value":2}])", nullptr},
           {R"({"a":1})", R"([{"op":"add","path":"/b/c","value":2}])", nullptr},
           {R"({"a":1})", R"([{"op":"add","path":"","value":[]}])", "[]"},
           {R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
           {R"({"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
           {R"({"a":1})", R"([{"op":"replace","path":"/a","value":{"x":1}}])", R"({"a":{"x":1}})"},
           {R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])", nullptr},
           {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":1})"},
           {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", nullptr},
           {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
           {R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":1,"b":1})"},
           {R"({"a/b":{"m~n":1}})", R"([{"op":"replace","path":"/a~1b/m~0n","value":2}])",
            R"({"a/b":{"m~n":2}})"},
           {R"({"a":1})", R"([{"op":"replace","path":"/a~2","value":2}])", nullptr},
           {R"({"a":1})", R"([{"op":"replace","path":"a","value":2}])", nullptr},
           {R"({"a":[{"x":1}]})", R"([{"op":"test","path":"/a/0/x","value":1}])",
            R"({"a":[{"x":1}]})"},
           {R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])", nullptr},
           {R"({"a":1})", R"([{"op":"dance","path":"/a","value":2}])", nullptr},
           {R"({"a":1})", R"([{"op":"add","path":"/a"}])", nullptr},
           {R"({"a":1})", R"({"op":"add"})", nullptr},
       }) {
    const auto patched = applyJsonPatch(parse(item.document), parse(item.patch));
    ASSERT_EQ(patched.has_value(), item.result != nullptr) << item.patch;
    if (patched) {
      EXPECT_EQ(*patched, parse(item.result)) << item.patch;
    }
  }
}

TEST(JsonPatch, TellsAFailedTestFromAnInvalidPatch) {
  const auto failed =
      applyJsonPatch(parse(R"({"a":1})"), parse(R"([{"op":"test","path":"/a","value":2}])"));
  EXPECT_EQ(failed.error().kind, ErrorKind::kConflict);
  const auto wrong = applyJsonPatch(parse("{}"), parse("{}"));
  EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalid);
}

RC_GTEST_PROP(JsonPatch, AddThenRemoveRestores, (std::uint64_t seed)) {
  testing::FakeRng rng(seed);
  json::object document{{"spec", anyValue(rng, 3)}};
  json::array patch{{{"op", "add"}, {"path", "/new"}, {"value", anyValue(rng, 2)}},
                    {{"op", "remove"}, {"path", "/new"}}};
  RC_ASSERT(*applyJsonPatch(document, patch) == document);
}

TEST(Patches, SurviveAnything) {
  testing::FakeRng rng;
  for (int round = 0; round < 3000; ++round) {
    json::array patch;
    for (std::uint64_t i = rng.below(4); i > 0; --i) {
      constexpr std::string_view kOps[] = {"add", "remove", "replace", "move", "copy", "test"};
      constexpr std::string_view kPaths[] = {"", "/a", "/a/0", "/spec/-", "/~1", "a", "/a/b/spec"};
      patch.push_back({{"op", kOps[rng.below(6)]},
                       {"path", kPaths[rng.below(7)]},
                       {"from", kPaths[rng.below(7)]},
                       {"value", anyValue(rng, 2)}});
    }
    (void)applyJsonPatch(anyValue(rng, 3), patch);
    json::object document{{"spec", anyValue(rng, 3)}};
    const json::value wild = anyValue(rng, 4);
    if (const json::object* object = wild.if_object()) {
      (void)applyStrategicMerge(res::kPods, document, *object);
    }
  }
}

}  // namespace
}  // namespace hitless::kube

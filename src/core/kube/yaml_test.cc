#include "core/kube/yaml.h"

#include <gtest/gtest.h>

namespace hitless::kube {
namespace {

json::value one(std::string_view text) {
  auto documents = parseYaml(text, "t.yaml");
  EXPECT_TRUE(documents) << documents.error().text();
  EXPECT_EQ(documents->size(), 1U);
  return documents->front().value;
}

TEST(Yaml, TypesScalarsAsKubectlDoes) {
  EXPECT_EQ(json::serialize(one("{a: yes, b: 'yes', c: 017, d: 1.5, e: ~, f: 80, g: y, h: 0x10}")),
            R"({"a":true,"b":"yes","c":15,"d":1.5E0,"e":null,"f":80,"g":"y","h":16})");
}

TEST(Yaml, KeepsWhatOnlyLooksLikeANumber) {
  EXPECT_EQ(json::serialize(one("{a: 25%, b: 1.2.3, c: 08, d: 10m, e: '8', f: 2026-11-21}")),
            R"({"a":"25%","b":"1.2.3","c":8E0,"d":"10m","e":"8","f":"2026-11-21"})");
}

TEST(Yaml, ReadsSeveralDocumentsAndTheirLines) {
  const auto documents = parseYaml("a: 1\n---\n# nothing\n---\nb: 2\n", "t.yaml");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ((*documents)[1].line, 5);
}

TEST(Yaml, SaysFileAndLine) {
  EXPECT_EQ(parseYaml("a: 1\nb: [", "t.yaml").error().subject.substr(0, 7), "t.yaml:");
  EXPECT_EQ(parseYaml("a: 1\na: 2\n", "t.yaml").error().text(), "t.yaml:2: key \"a\" is set twice");
}

TEST(Yaml, BoundsAliasBombs) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += fmt::format("a{}: &a{} [*a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}]\n", i, i,
                        i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  }
  EXPECT_FALSE(parseYaml(bomb, "bomb.yaml"));
}

}  // namespace
}  // namespace hitless::kube

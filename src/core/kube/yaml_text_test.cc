#include "core/kube/yaml_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/kube/yaml.h"

namespace hitless::kube {
namespace {

json::value parsed(std::string_view text) {
  auto documents = parseYaml(text, "t.yaml");
  EXPECT_TRUE(documents) << documents.error().text() << "\n" << text;
  return documents && documents->size() == 1 ? documents->front().value : json::value();
}

TEST(YamlText, IsInTheStyleOfKubectl) {
  const std::string text = R"(apiVersion: v1
kind: Pod
metadata:
  annotations:
    hitless.io/inject: "true"
  labels: {}
spec:
  containers:
  - args:
    - proxy
    - --port=80
    name: app
    ports:
    - containerPort: 80
    resources:
      requests:
        cpu: 10m
        memory: 1.5Gi
  terminationGracePeriodSeconds: 30
)";
  // "-" begins what is no plain word.
  std::string quoted = text;
  quoted.replace(quoted.find("--port=80"), 9, "\"--port=80\"");
  EXPECT_EQ(yamlText(parsed(text)), quoted);
}

TEST(YamlText, QuotesWhatIsNoPlainString) {
  for (const char* word :
       {"yes",  "Off", "n",   "null", "~",    "",           " a",    "a ",  "a: b",
        "a:",   "80",  "1e3", "0x1f", "1.5",  "2026-11-22", "12:30", "- a", "#c",
        "a #b", "*a",  "&a",  "!a",   "[a",   "{a",         "%a",    "@a",  "|",
        ">",    "'",   "\"",  "\\",   "a\tb", "ä",          "1_0"}) {
    const json::value value(word);
    const std::string text = yamlText(json::object{{"k", value}});
    EXPECT_EQ(text.substr(0, 4), "k: \"") << word;
    EXPECT_EQ(parsed(text).at("k"), value) << text;
  }
}

TEST(YamlText, LinesAreABlock) {
  const json::value script =
      json::object{{"run", "set -e\n  cd /x\n\necho\n"}, {"b", "x\ny"}, {"c", "x\n\n"}};
  EXPECT_EQ(yamlText(script),
            "run: |\n  set -e\n    cd /x\n\n  echo\nb: |-\n  x\n  y\nc: |+\n  x\n\n");
  EXPECT_EQ(parsed(yamlText(script)), script);
  for (const char* odd : {"\n", " x\ny", "x \ny", "x\r\ny", "x\n ", "ä\nb"}) {
    const json::value value = json::object{{"k", odd}};
    EXPECT_EQ(parsed(yamlText(value)), value) << yamlText(value);
  }
}

rc::Gen<std::string> strings() {
  return rc::gen::oneOf(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab1:- \n.#\"'\\|{[,y"))),
      rc::gen::elementOf(std::vector<std::string>{"yes", "1", "10m", "x\ny\n", "a: b", "--flag"}));
}

json::value randomValue(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000);
    case 3:
      return *rc::gen::inRange(-100, 100) / 8.0 + 0.0625;
    case 4:
      return json::value(*strings());
    case 5: {
      json::object out;
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) {
        out[*strings()] = randomValue(depth - 1);
      }
      return out;
    }
    default: {
      json::array out;
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) {
        out.push_back(randomValue(depth - 1));
      }
      return out;
    }
  }
}

RC_GTEST_PROP(YamlText, IsReadAsWhatItWas, ()) {
  const json::value value = json::object{{"v", randomValue(4)}};
  const auto documents = parseYaml(yamlText(value), "t.yaml");
  RC_ASSERT(documents.has_value());
  RC_ASSERT(documents->size() == 1U);
  RC_ASSERT(documents->front().value == value);
}

}  // namespace
}  // namespace hitless::kube

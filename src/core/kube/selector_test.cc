#include "core/kube/selector.h"

#include <gtest/gtest.h>

#include "testing/fake_rng.h"

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

bool selects(std::string_view selector, const Labels& labels) {
  const auto parsed = parseLabelSelector(selector);
  EXPECT_TRUE(parsed) << selector;
  return parsed && matches(*parsed, labels);
}

TEST(LabelSelectorText, MatchesAsKubernetesDoes) {
  const Labels web{{"app", "web"}, {"tier", "1"}, {"empty", ""}};
  for (const auto selector :
       {"", "app=web", "app==web", " app = web ", "app!=db", "absent!=x", "app in (db, web)",
        "app notin (db)", "absent notin (db)", "app", "!absent", "app,tier", "tier>0", "tier<2",
        "empty=", "empty in ()", "app=web,tier in (1,2),!absent", "kubernetes.io/name!=x"}) {
    EXPECT_TRUE(selects(selector, web)) << selector;
  }
  for (const auto selector : {"app=db", "app!=web", "app in (db)", "app notin (web)", "absent",
                              "!app", "tier>1", "app>1", "absent in (x)", "app=web,tier=2"}) {
    EXPECT_FALSE(selects(selector, web)) << selector;
  }
}

struct Wrong {
  const char* text;
  const char* error;
};

TEST(LabelSelectorText, SaysWhatIsWrongInTheServersWords) {
  for (const Wrong& item : {
           Wrong{"a inn (b)",
                 "unable to parse requirement: found 'inn', expected: '=', '!=', '==', 'in', "
                 "notin'"},
           {"a=b,", "found '', expected: identifier after ','"},
           {"=b", "found '=', expected: !, identifier, or 'end of string'"},
           {"a in b", "unable to parse requirement: found 'b' expected: '('"},
           {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
           {"a=b c", "found 'c', expected: ',' or 'end of string'"},
           {"!a=b", "found '=', expected: ',' or 'end of string'"},
           {"a==,b==)", "unable to parse requirement: found ')', expected: identifier"},
       }) {
    const auto parsed = parseLabelSelector(item.text);
    ASSERT_FALSE(parsed) << item.text;
    EXPECT_EQ(parsed.error().message, item.error);
  }
  EXPECT_FALSE(parseLabelSelector("a/b/c=d"));
  EXPECT_FALSE(parseLabelSelector("a=b@"));
  EXPECT_FALSE(parseLabelSelector("a>x"));
}

TEST(LabelSelectorObject, RequiresLabelsAndExpressions) {
  const LabelSelector selector{{{"app", "web"}},
                               {{"tier", "In", {"1", "2"}}, {"x", "DoesNotExist", {}}}};
  EXPECT_TRUE(matches(selector, Labels{{"app", "web"}, {"tier", "2"}}));
  EXPECT_FALSE(matches(selector, Labels{{"app", "web"}, {"tier", "3"}}));
  EXPECT_FALSE(matches(selector, Labels{{"app", "web"}, {"tier", "1"}, {"x", ""}}));
  EXPECT_FALSE(matches(selector, Labels{{"tier", "1"}}));
  EXPECT_TRUE(matches(LabelSelector{}, Labels{}));
  EXPECT_FALSE(matches(LabelSelector{{}, {{"x", "Near", {}}}}, Labels{}));
}

TEST(FieldSelector, ReadsTheFieldsOfTheKind) {
  const json::object pod = parse(R"({"metadata":{"name":"p","namespace":"d"},
      "spec":{"nodeName":"n","restartPolicy":"Always"},"status":{"phase":"Running","podIP":"10.0.0.1"}})");
  const auto selects = [&](std::string_view text) {
    return parseFieldSelector(res::kPods, text).value().matches(pod);
  };
  EXPECT_TRUE(selects(""));
  EXPECT_TRUE(selects("metadata.name=p,metadata.namespace==d,spec.nodeName=n"));
  EXPECT_TRUE(selects("status.phase!=Failed,spec.hostNetwork=false,status.nominatedNodeName="));
  EXPECT_FALSE(selects("status.phase!=Running"));
  EXPECT_FALSE(selects("spec.hostNetwork=true"));
  const auto selector = parseFieldSelector(res::kPods, "status.phase!=Failed,metadata.name=p");
  EXPECT_EQ(selector->exact("metadata.name"), "p");
  EXPECT_EQ(selector->exact("status.phase"), std::nullopt);
}

TEST(FieldSelector, KnowsAnEventsSource) {
  const auto selector =
      parseFieldSelector(res::kEvents, "involvedObject.name=a\\,b,source=kubelet,type=Normal");
  ASSERT_TRUE(selector);
  EXPECT_TRUE(selector->matches(parse(
      R"({"involvedObject":{"name":"a,b"},"source":{"component":"kubelet"},"type":"Normal"})")));
  EXPECT_TRUE(selector->matches(parse(
      R"({"involvedObject":{"name":"a,b"},"reportingComponent":"kubelet","type":"Normal"})")));
}

TEST(FieldSelector, SaysWhatIsWrongInTheServersWords) {
  EXPECT_EQ(parseFieldSelector(res::kPods, "spec.foo=1").error().message,
            "field label not supported: spec.foo");
  EXPECT_EQ(parseFieldSelector(res::kDeployments, "spec.replicas=1").error().message,
            "\"spec.replicas\" is not a known field selector: only \"metadata.name\", "
            "\"metadata.namespace\"");
  EXPECT_EQ(parseFieldSelector(res::kPods, "nonsense").error().message,
            "invalid selector: 'nonsense'; can't understand 'nonsense'");
  EXPECT_FALSE(parseFieldSelector(res::kPods, "metadata.name=a=b"));
  EXPECT_FALSE(parseFieldSelector(res::kPods, "metadata.name=a\\"));
}

TEST(Selectors, SurviveAnyBytes) {
  testing::FakeRng rng;
  using namespace std::string_view_literals;
  constexpr auto kAlphabet = "ab,=!()<> in notin\\\xff\0/."sv;
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::uint64_t i = rng.below(24); i > 0; --i) {
      text += kAlphabet[rng.below(kAlphabet.size())];
    }
    if (const auto parsed = parseLabelSelector(text)) {
      matches(*parsed, Labels{{"a", "b"}});
    }
    if (const auto parsed = parseFieldSelector(res::kPods, text)) {
      (void)parsed->matches({});
    }
  }
}

}  // namespace
}  // namespace hitless::kube

#include "core/policy/selector.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/kube/selector.h"
#include "core/kube/yaml.h"
#include "core/policy/evaluate.h"

namespace hitless::policy {
namespace {

Selector selector(const std::string& yaml) {
  return Selector(
      kube::labelSelectorOf(kube::parseYaml(yaml, "selector").value().at(0).value.as_object()));
}

TEST(PolicySelector, IsTheSameHoweverItIsWritten) {
  const Selector plain = selector("{matchLabels: {a: '1', b: '2'}}");
  EXPECT_EQ(
      plain,
      selector(
          "{matchLabels: {b: '2'}, matchExpressions: [{key: a, operator: In, values: ['1']}]}"));
  EXPECT_EQ(plain, selector("{matchLabels: {b: '2', a: '1'}, matchExpressions: [{key: a, operator: "
                            "In, values: ['1', '1']}]}"));
  EXPECT_NE(plain, selector("{matchLabels: {a: '1'}}"));
  EXPECT_EQ(selector("{matchExpressions: [{key: a, operator: NotIn, values: [y, x]}]}"),
            selector("{matchExpressions: [{key: a, operator: NotIn, values: [x, y, x]}]}"));
  EXPECT_EQ(selector("{}"), Selector());
  EXPECT_TRUE(selector("{matchLabels: {}, matchExpressions: []}").matchesAll());
}

TEST(PolicySelector, SaysWhatItSelects) {
  EXPECT_EQ(
      selector(
          "{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [b, a]},"
          "{key: old, operator: DoesNotExist}, {key: env, operator: Exists},"
          "{key: env, operator: NotIn, values: [dev]}]}")
          .text(),
      "app=web,env notin (dev),env,!old,tier in (a,b)");
  EXPECT_EQ(Selector().text(), "everything");
}

TEST(PolicySelector, AnUnknownOperatorSelectsNothing) {
  EXPECT_FALSE(selector("{matchExpressions: [{key: a, operator: Like, values: [x]}]}")
                   .matches({{"a", "x"}}));
}

/// Few keys and values, so that they meet.
std::string letter() {
  return *rc::gen::element<std::string>("a", "b", "c");
}

kube::Labels anyLabels() {
  kube::Labels labels;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    labels[letter()] = letter();
  }
  return labels;
}

kube::LabelSelector anySelector() {
  kube::LabelSelector selector;
  if (*rc::gen::arbitrary<bool>()) {
    selector.matchLabels = {{letter(), letter()}};
  }
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    kube::LabelSelector::Expression expression{
        letter(), *rc::gen::element<std::string>("In", "NotIn", "Exists", "DoesNotExist"), {}};
    if (expression.op == "In" || expression.op == "NotIn") {
      expression.values = {letter(), letter()};
    }
    selector.matchExpressions.push_back(std::move(expression));
  }
  return selector;
}

RC_GTEST_PROP(PolicySelectorProperty, SelectsWhatTheLabelSelectorSelects, ()) {
  const kube::LabelSelector written = anySelector();
  const kube::Labels labels = anyLabels();
  const Selector selector(written);
  RC_ASSERT(selector.matches(labels) == kube::matches(written, labels));
  LabelKeys keys;
  selector.addKeysTo(keys);
  RC_ASSERT(selector.matches(project(labels, keys)) == selector.matches(labels));
}

RC_GTEST_PROP(PolicySelectorProperty, TheIndexFindsThePoliciesThatSelectAPod, ()) {
  State state;
  for (int i = 0; i < 4; ++i) {
    Policy policy{letter(), "p" + std::to_string(i), Selector(anySelector()), Rules{}, {}};
    state.policies.push_back(std::move(policy));
  }
  for (int i = 0; i < 6; ++i) {
    Pod pod;
    pod.ns = letter();
    pod.name = std::to_string(i);
    pod.labels = anyLabels();
    state.pods.push_back(std::move(pod));
  }
  const Evaluator evaluator(state);
  for (const Pod& pod : evaluator.state().pods) {
    const auto found = evaluator.judge(Direction::kIngress, {{}, {&pod, {}}}).policies;
    for (const Policy& policy : evaluator.state().policies) {
      const bool selects = policy.ns == pod.ns && policy.pods.matches(pod.labels);
      RC_ASSERT((std::find(found.begin(), found.end(), &policy) != found.end()) == selects);
    }
  }
}

}  // namespace
}  // namespace hitless::policy

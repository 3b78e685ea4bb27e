#include "core/report/prestop_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PrestopAnswer answer() {
  PrestopAnswer out;
  out.sleep = seconds{2};
  out.estimate = seconds{2};
  out.trials = {{seconds{0}, 1000, 40, 0},
                {seconds{2}, 1000, 0, 0},
                {seconds{1}, 1000, 3, 1},
                {seconds{2}, 1000, 0, 0},
                {seconds{2}, 1000, 0, 0}};
  out.containers = {"web"};
  out.lags = {{"kube-proxy: between two syncs", seconds{1}, "minSyncPeriod"}};
  return out;
}

TEST(PrestopAnswer, TellsTheAnswerItsEvidenceAndItsWorth) {
  const std::string text = renderText(answer());
  EXPECT_THAT(text, HasSubstr("with which stock lost nothing to a lag: 2 s"));
  EXPECT_THAT(text, HasSubstr("     0 s     1,000  40"));
  EXPECT_THAT(text, HasSubstr("     2 s     3,000  0  0  0"));
  EXPECT_THAT(text,
              HasSubstr("      - name: web\n        lifecycle: {preStop: {sleep: {seconds: 2}}}"));
  EXPECT_THAT(text, HasSubstr("This is a guess"));
  EXPECT_THAT(text, HasSubstr("1.00 s  kube-proxy: between two syncs; minSyncPeriod"));
  EXPECT_THAT(text, Not(HasSubstr("terminationGracePeriodSeconds")));
  EXPECT_THAT(text, Not(HasSubstr("no sleep helps")));
}

TEST(PrestopAnswer, SaysWhatElseMustChangeAndWhatRemains) {
  PrestopAnswer raised = answer();
  raised.graceRaised = true;
  raised.grace = 45;
  raised.trials.back().despite = 2;
  const std::string text = renderText(raised);
  EXPECT_THAT(text, HasSubstr("terminationGracePeriodSeconds: 45"));
  EXPECT_THAT(text, HasSubstr("no sleep helps"));
}

TEST(PrestopAnswer, SaysSoIfThereIsNone) {
  PrestopAnswer none = answer();
  none.sleep.reset();
  none.trials.push_back({seconds{120}, 1000, 1, 0});
  EXPECT_THAT(renderText(none), HasSubstr("no preStop sleep of up to 120 s was enough"));
  EXPECT_TRUE(kube::find(renderJson(none), "sleepSeconds")->is_null());
  none.sleep = seconds{0};
  EXPECT_THAT(renderText(none), HasSubstr("no preStop sleep is needed here"));
  EXPECT_THAT(renderText(none), Not(HasSubstr("lifecycle")));
}

TEST(PrestopAnswer, IsJsonForPrograms) {
  const kube::json::object json = renderJson(answer());
  EXPECT_EQ(kube::text(json, {"schema"}), "hitless.io/prestop/v1");
  EXPECT_EQ(kube::integer(json, {"sleepSeconds"}), 2);
  EXPECT_EQ(kube::findArray(json, {"runs"})->size(), 5U);
}

}  // namespace
}  // namespace hitless::report

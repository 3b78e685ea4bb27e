#include "core/report/prestop.h"

#include <gtest/gtest.h>

#include <functional>

namespace hitless::report {
namespace {

using Oracle = std::function<std::uint64_t(seconds sleep, int run)>;

/// Runs the search against what an oracle loses; the number of runs is bounded.
SleepSearch searched(SleepSearch::Options options, std::optional<seconds> estimate,
                     const Oracle& lost) {
  SleepSearch search(options);
  for (int run = 0; run < 60; ++run) {
    const auto sleep = search.next();
    if (!sleep) {
      return search;
    }
    search.add({*sleep, 1000, lost(*sleep, run), 0});
    if (estimate) {
      search.expect(*estimate);
    }
  }
  ADD_FAILURE() << "the search does not end";
  return search;
}

Oracle below(seconds needed) {
  return [needed](seconds sleep, int) { return sleep < needed ? 5U : 0U; };
}

std::vector<std::int64_t> triedBy(const SleepSearch& search) {
  std::vector<std::int64_t> out;
  for (const SleepTrial& trial : search.trials()) {
    out.push_back(trial.sleep.count());
  }
  return out;
}

TEST(SleepSearch, ARightEstimateNeedsFewRuns) {
  const SleepSearch search = searched({}, seconds{31}, below(seconds{31}));
  EXPECT_EQ(search.answer(), seconds{31});
  EXPECT_EQ(triedBy(search), (std::vector<std::int64_t>{0, 31, 30, 31, 31}));
}

TEST(SleepSearch, FindsEveryAnswerWhateverTheEstimate) {
  for (int needed = 0; needed <= 20; ++needed) {
    for (const int estimate : {-1, 0, 1, 5, 19, 40}) {
      const SleepSearch search =
          searched({seconds{60}, 2}, estimate < 0 ? std::nullopt : std::optional(seconds{estimate}),
                   below(seconds{needed}));
      EXPECT_EQ(search.answer(), seconds{needed}) << "estimate " << estimate;
    }
  }
}

TEST(SleepSearch, ALuckyRunIsFoundOut) {
  // 3 s loses in each third run only.
  const SleepSearch search = searched({}, seconds{3}, [](seconds sleep, int run) {
    return sleep < seconds{3} || (sleep == seconds{3} && run % 3 == 0) ? 1U : 0U;
  });
  EXPECT_EQ(search.answer(), seconds{4});
  for (const SleepTrial& trial : search.trials()) {
    EXPECT_TRUE(trial.lost == 0 || trial.sleep < *search.answer());
  }
}

TEST(SleepSearch, SaysSoIfNoSleepIsLongEnough) {
  const SleepSearch search = searched({seconds{30}, 3}, seconds{2}, below(seconds{1000}));
  EXPECT_FALSE(search.answer());
  EXPECT_EQ(search.trials().back().sleep, seconds{30});
}

timeline::Event event(std::int64_t ms, timeline::What what, std::string node,
                      std::uint64_t revision, std::string detail = {}) {
  const bool ofPod =
      what != timeline::What::kRulesCommitted && what != timeline::What::kEndpointsUpdated;
  return {WallTime{milliseconds{ms}},
          what,
          std::move(node),
          what == timeline::What::kRulesCommitted ? "" : (ofPod ? "default/a" : "default/web"),
          "",
          ofPod ? "10.1.1.2" : "",
          revision,
          std::move(detail)};
}

ProfileRun slowRules() {
  using timeline::What;
  ProfileRun run;
  run.clientNode = "node-1";
  run.events = {event(0, What::kPodReady, "node-1", 0),
                event(500, What::kEndpointsUpdated, "", 5, "10.1.1.2"),
                event(1000, What::kPodDeleted, "", 0),
                event(1002, What::kSigterm, "node-1", 0),
                event(1020, What::kEndpointsUpdated, "", 10, ""),
                event(1040, What::kRulesCommitted, "node-1", 10),
                event(1300, What::kContainerExited, "node-1", 0, "exit 0"),
                event(2400, What::kRulesCommitted, "node-2", 12)};
  return run;
}

TEST(SleepEstimate, IsTheSlowestNodesRules) {
  const ProfileRun run = slowRules();
  const auto report = analyse(run);
  EXPECT_EQ(estimateOf(*report), seconds{2});
  EXPECT_EQ(longestStop(*report), milliseconds{298});
}

TEST(SleepEstimate, IsTheLastLossIfThatIsLater) {
  ProfileRun run = slowRules();
  NamedLoad load{"rpc", {}};
  load::Failure lost;
  lost.cause = load::Cause::kConnectionRefused;
  lost.backend = lost.destination = load::Endpoint{*IpAddress::parse("10.1.1.2"), 80};
  lost.resolved = WallTime{milliseconds{8000}};
  lost.scheduled = WallTime{milliseconds{8100}};
  lost.connect = lost.scheduled;
  lost.failed = WallTime{milliseconds{8101}};
  load::Failure answer = lost;
  answer.cause = load::Cause::kHttp5xx;
  load.result.sent = 10;
  load.result.failures.listed = {lost, answer};
  load.result.failures.counts = {{lost.cause, 1}, {answer.cause, 1}};
  run.loads = {load};
  const auto report = analyse(run);
  EXPECT_EQ(estimateOf(*report), seconds{8});
  const SleepTrial trial = trialOf(*report, seconds{0});
  EXPECT_EQ(trial.lost, 1U);
  EXPECT_EQ(trial.despite, 1U);
}

}  // namespace
}  // namespace hitless::report

#include <gtest/gtest.h>

#include <set>

#include "core/policy/evaluate.h"
#include "testing/cyclonus.h"

namespace hitless::policy {
namespace {

using testing::CyclonusStep;

/// As the recorded lists have it: "x/a>y/b:80/TCP IE", empty if it is allowed. The simulator does
/// not exempt what a pod sends to itself, so this asks the policies alone.
std::string blockedLine(const Evaluator& evaluator, const Connection& connection) {
  std::string sides;
  for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
    if (!evaluator.judge(direction, connection).allowed()) {
      sides += direction == Direction::kIngress ? "I" : "E";
    }
  }
  return sides.empty() ? sides
                       : testing::cyclonusLine(*connection.from.pod, *connection.to.pod,
                                               {connection.port, connection.protocol}) +
                             " " + sides;
}

struct Count {
  std::size_t verdicts = 0;
  std::size_t allowed = 0;
};

Count compareStep(const CyclonusStep& step) {
  const Evaluator evaluator(step.state);
  std::set<std::string> blocked;
  Count count;
  for (const Pod& from : evaluator.state().pods) {
    for (const Pod& to : evaluator.state().pods) {
      for (const testing::CyclonusProbe& wanted : step.probes) {
        const Connection connection{
            {&from, from.ips.front()}, {&to, to.ips.front()}, wanted.protocol, wanted.port};
        const std::string line = blockedLine(evaluator, connection);
        const bool allowed = evaluator.evaluate(connection).allowed();
        EXPECT_EQ(allowed, line.empty() || &from == &to) << line;
        ++count.verdicts;
        count.allowed += line.empty() ? 1U : 0U;
        if (!line.empty()) {
          blocked.insert(line);
        }
      }
    }
  }
  EXPECT_EQ(blocked, step.blocked);
  return count;
}

TEST(Cyclonus, EveryVerdictIsTheSame) {
  const auto steps = testing::cyclonusSteps();
  if (!steps) {
    GTEST_SKIP() << "no recorded verdicts";
  }
  Count total;
  for (const CyclonusStep& step : *steps) {
    SCOPED_TRACE(step.description);
    const Count count = compareStep(step);
    total.verdicts += count.verdicts;
    total.allowed += count.allowed;
  }
  EXPECT_EQ(total.verdicts, testing::kCyclonusVerdicts);
  EXPECT_EQ(total.allowed, testing::kCyclonusAllowed);
}

}  // namespace
}  // namespace hitless::policy

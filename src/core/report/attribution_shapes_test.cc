#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "core/report/attribution_fixture.h"
#include "testing/source_dir.h"

namespace hitless::report {
namespace {

using enum FailureClass;

/// Timelines of the kinds that rehearsals record.
std::vector<Facts> recordedKinds() {
  std::vector<Event> half = rollout();
  std::erase_if(half, [](const Event& e) {
    return e.what == What::kRulesCommitted || e.what == What::kPodGone;
  });
  return {facts({}), facts(rollout()), facts(half),
          facts({event(0, What::kPodReady, "default/web-a"),
                 event(100, What::kContainerExited, "default/web-a")}),
          facts({event(100, What::kNodeCut, "", "", "node-2")})};
}

/// Every shape that a failure can have: each cause, at each moment, with each optional fact there
/// or not.
TEST(Attribution, NoShapeOfAFailureIsWithoutACause) {
  const std::vector<Facts> kinds = recordedKinds();
  std::size_t seen = 0;
  for (const Facts& known : kinds) {
    for (const load::CauseInfo& row : load::causes()) {
      for (const double moment : {-6000.0, 50.0, 99.0, 103.0, 105.0, 130.0, 300.0, 1100.0}) {
        for (unsigned bits = 0; bits < 64; ++bits) {
          Failure lost = failure(row.cause, moment, (bits & 1) != 0 ? kWebA : nullptr);
          lost.connect = (bits & 2) != 0 ? lost.connect : std::nullopt;
          lost.written = (bits & 4) != 0 ? std::optional(at(moment + 0.1)) : std::nullopt;
          lost.resolved = (bits & 8) != 0 ? std::optional(at(moment - 20)) : std::nullopt;
          lost.reusedConnection = (bits & 16) != 0;
          lost.destination = (bits & 32) != 0
                                 ? std::optional(load::Endpoint{*IpAddress::parse(kWebA), 80})
                                 : std::nullopt;
          load::LoadResult result;
          result.failures.listed = {lost};
          const Attribution why = attributeAll(result, known).front();
          ASSERT_NE(why.failureClass, kOther) << row.id << " at " << moment << ", " << bits;
          ASSERT_NE(why.failureClass, kNotListed);
          ASSERT_TRUE(why.failureClass != kBackoff || why.root != kOther);
          ++seen;
        }
      }
    }
  }
  EXPECT_EQ(seen, kinds.size() * load::causes().size() * 8 * 64);
}

/// A file of `rehearse --timeline`: its events, and of its lost requests some.
ProfileRun recorded(const std::string& file) {
  ProfileRun run;
  run.clientNode = "node-1";
  kube::json::array failures;
  std::ifstream stream(testing::sourceFile("src/core/report/testdata/" + std::string(file)));
  for (std::string line; std::getline(stream, line);) {
    kube::json::object entry = kube::parseJson(line).value().get_object();
    if (const kube::json::object* request = kube::findObject(entry, {"request"})) {
      failures.push_back(*request);
      continue;
    }
    entry["t"] = entry["unixNs"];
    run.events.push_back(*timeline::decode(kube::json::serialize(entry)));
  }
  kube::json::object result{{"schema", "hitless.io/load/v1"},
                            {"load", kube::json::object{{"url", "http://web.default:80/"}}},
                            {"failures", kube::json::object{{"list", std::move(failures)}}}};
  run.loads.push_back({"all", *load::fromJson(result)});
  return run;
}

/// A rollout, a crash and a cut node as they really were, under profile stock.
TEST(Attribution, OfARecordedRunNamesWhatWasDoneToIt) {
  const ProfileRun run = recorded("recorded-stock.jsonl");
  const Facts known = factsOf(run);
  ASSERT_GT(run.loads[0].result.failures.listed.size(), 20U);
  std::set<std::string_view> classes;
  for (const Attribution& why : attributeAll(run.loads[0].result, known)) {
    classes.insert(info(why.failureClass).id);
    EXPECT_FALSE(why.evidence.empty());
  }
  EXPECT_EQ(classes, (std::set<std::string_view>{"endpoint-lag", "pod-crash"}));
}

}  // namespace
}  // namespace hitless::report

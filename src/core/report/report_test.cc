#include <gtest/gtest.h>

#include <fstream>

#include "core/report/analysis.h"
#include "core/report/render_json.h"
#include "core/report/render_table.h"
#include "testing/source_dir.h"

namespace hitless::report {
namespace {

using load::Cause;
using timeline::Event;
using timeline::What;

const WallTime kStart = *parseTime("2026-11-21T12:00:00Z");

WallTime at(double ms) {
  return kStart + nanoseconds{static_cast<std::int64_t>(ms * 1e6)};
}

Event event(double ms, What what, std::string pod, std::string ip = {}, std::string detail = {},
            std::string node = {}, std::uint64_t revision = 0) {
  return {at(ms), what,          std::move(node), std::move(pod),
          {},     std::move(ip), revision,        std::move(detail)};
}

/// A rollout of two pods, web-a (10.1.1.2) and web-b (10.1.2.2), which end at 100 and 600 ms.
std::vector<Event> rollout(double commitLag, double gate) {
  std::vector<Event> events = {
      event(0, What::kActionStarted, "", "", "rollout restart deployment/web"),
      event(50, What::kEndpointsUpdated, "default/web", "", "10.1.1.2,10.1.2.2", "", 10),
  };
  int revision = 20;
  const std::pair<const char*, const char*> pods[] = {{"default/web-a", "10.1.1.2"},
                                                      {"default/web-b", "10.1.2.2"}};
  double deleted = 100;
  for (const auto& [pod, ip] : pods) {
    const auto add = [&, p = pod, i = ip](double after, What what, std::string detail = {}) {
      events.push_back(event(deleted + after, what, p, i, std::move(detail), "node-1"));
    };
    events.push_back(event(-5000, What::kPodReady, pod, ip, "", "node-1"));
    events.push_back(event(deleted, What::kPodDeleted, pod, ip));
    events.push_back(event(deleted + 20, What::kEndpointsUpdated, "default/web", "",
                           deleted < 200 ? "10.1.2.2,10.1.3.2" : "10.1.3.2,10.1.3.3", "",
                           static_cast<std::uint64_t>(revision)));
    events.push_back(event(deleted + 20 + commitLag, What::kRulesCommitted, "", "", "", "node-2",
                           static_cast<std::uint64_t>(revision + 1)));
    if (gate > 0) {
      add(2, What::kGateHeld);
      add(gate, What::kGatePassed,
          "SIGTERM released after 24 ms: 3 of 3 nodes removed the endpoint");
    }
    add(gate + 4, What::kSigterm, "30 s until SIGKILL");
    add(gate + 6, What::kContainerExited, "exit 0");
    add(gate + 60, What::kPodGone);
    deleted += 500;
    revision += 10;
  }
  events.push_back(event(1200, What::kRolloutComplete, ""));
  return events;
}

load::Failure failure(Cause cause, double connect, const char* ip) {
  load::Failure out;
  out.cause = cause;
  out.scheduled = at(connect);
  out.connect = at(connect);
  out.failed = at(connect + 0.2);
  out.errorName = cause == Cause::kConnectionRefused ? "ECONNREFUSED" : "";
  if (ip != nullptr) {
    out.backend = load::Endpoint{*IpAddress::parse(ip), 8080};
  }
  return out;
}

load::Failure onReused(Cause cause, double written, double failed, const char* ip) {
  load::Failure out = failure(cause, written, ip);
  out.connect.reset();
  out.written = at(written);
  out.failed = at(failed);
  out.reusedConnection = true;
  return out;
}

NamedLoad loadOf(const char* name, const char* words, std::vector<load::Failure> failures,
                 std::uint64_t retried, milliseconds latency) {
  NamedLoad out{name, {}};
  load::LoadResult& result = out.result;
  result.spec = *load::parseLoadSpec(std::string("http://web.default:80/ rate=500 ") + words);
  result.started = at(-2000);
  result.duration = seconds{20};
  result.sent = result.scheduled = 10000;
  result.failed = failures.size();
  result.succeeded = result.sent - result.failed;
  result.retried = retried;
  result.latency.add(latency, 9900);
  result.latency.add(latency * 10, result.succeeded - 9900);
  result.gap = latency * 20;
  for (const load::Failure& item : failures) {
    ++result.failures.counts[item.cause];
  }
  if (retried > 0) {
    result.retries.counts[Cause::kClosedBeforeResponse] = retried;
  }
  result.failures.listed = std::move(failures);
  return out;
}

Rehearsal example() {
  Rehearsal rehearsal;
  rehearsal.scenario = "deployment-service";
  rehearsal.action = "rollout restart deployment/web";
  rehearsal.nodes = 3;
  std::vector<load::Failure> refused;
  for (int i = 0; i < 40; ++i) {
    refused.push_back(failure(Cause::kConnectionRefused, 105 + i * 10, "10.1.1.2"));
    refused.push_back(failure(Cause::kConnectionRefused, 605 + i * 12, "10.1.2.2"));
  }
  ProfileRun stock{"stock", "node-2", {}, rollout(900, 0), {}, {}, {}};
  stock.loads = {
      loadOf("keep-alive", "keepalive",
             {onReused(Cause::kClosedBeforeResponse, 50, 105, "10.1.1.2")}, 31, milliseconds{1}),
      loadOf("new connections", "new", refused, 0, milliseconds{2})};
  ProfileRun hitless{"hitless", "node-2", {}, rollout(2, 24), {}, {}, {}};
  hitless.events.push_back(event(300, What::kAgentStopped, "", "", "killed by signal 9", "node-2"));
  hitless.events.push_back(event(348, What::kAgentStarted, "", "", "", "node-2"));
  hitless.loads = {loadOf("keep-alive", "keepalive", {}, 4, milliseconds{1}),
                   loadOf("new connections", "new", {}, 0, milliseconds{2})};
  rehearsal.profiles = {stock, hitless};
  return rehearsal;
}

/// Compares with a file in testdata/. HITLESS_UPDATE_GOLDEN=1 writes it instead.
void expectGolden(const std::string& text, const std::string& file) {
  const std::string path = testing::sourceFile("src/core/report/testdata/" + std::string(file));
  if (std::getenv("HITLESS_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
  }
  std::ifstream stream(path);
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(stream), {})) << path;
}

std::size_t widest(const std::string& text) {
  std::size_t widest = 0;
  std::size_t width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0);
    widest = std::max(widest, width);
  }
  return widest;
}

TEST(Report, TableForPeople) {
  const std::string table = renderTable(example(), {});
  expectGolden(table, "table.txt");
  EXPECT_LE(widest(table), 100U);
}

TEST(Report, TableInPlainAscii) {
  const std::string table = renderTable(example(), {false, false});
  expectGolden(table, "table-ascii.txt");
  EXPECT_TRUE(std::all_of(table.begin(), table.end(), [](char c) { return c > 0; }));
}

TEST(Report, ColoursChangeNothingElse) {
  const std::string coloured = renderTable(example(), {true, true});
  std::string stripped;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b') {
      i = coloured.find('m', i);
    } else {
      stripped += coloured[i];
    }
  }
  EXPECT_EQ(stripped, renderTable(example(), {}));
  EXPECT_NE(coloured, stripped);
}

/// One field a line, so that a difference is readable.
std::string pretty(const kube::json::value& value, const std::string& indent = "") {
  std::string out;
  const auto items = [&](const auto& container, char open, char close, const auto& item) {
    out += open;
    for (auto it = container.begin(); it != container.end(); ++it) {
      out += (it == container.begin() ? "\n" : ",\n") + indent + "  ";
      item(*it);
    }
    out += (container.empty() ? "" : "\n" + indent) + std::string(1, close);
  };
  if (const auto* object = value.if_object()) {
    items(*object, '{', '}', [&](const auto& field) {
      out += "\"" + std::string(field.key()) + "\": " + pretty(field.value(), indent + "  ");
    });
  } else if (const auto* array = value.if_array()) {
    items(*array, '[', ']', [&](const auto& item) { out += pretty(item, indent + "  "); });
  } else {
    out = boost::json::serialize(value);
  }
  return out;
}

TEST(Report, JsonForPrograms) {
  Rehearsal rehearsal = example();
  rehearsal.profiles[0].loads[1].result.failures.listed.resize(3);  // keeps the file short
  expectGolden(pretty(renderJson(rehearsal)) + "\n", "report.json");
}

TEST(Report, PassesOnlyIfTheExpectedProfileLostNothing) {
  Rehearsal rehearsal = example();
  EXPECT_TRUE(passed(rehearsal));
  rehearsal.expectProfile = "stock";
  EXPECT_FALSE(passed(rehearsal));
  rehearsal.expectFailed = 81;
  EXPECT_TRUE(passed(rehearsal));
  rehearsal.expectProfile = "none";
  EXPECT_FALSE(passed(rehearsal));
  EXPECT_NE(renderTable(rehearsal, {}).find("FAIL  the expected profile none was not rehearsed"),
            std::string::npos);
  rehearsal.profiles.clear();
  EXPECT_FALSE(passed(rehearsal));
  EXPECT_EQ(renderTable(rehearsal, {}), "  no profile was rehearsed\n");
}

TEST(Report, NothingSentIsNoSuccess) {
  Rehearsal rehearsal = example();
  rehearsal.profiles = {{"hitless", "node-1", {}, {}, {}, {}, {}}};
  EXPECT_FALSE(passed(rehearsal));
  EXPECT_NE(renderTable(rehearsal, {}).find("hitless sent no request"), std::string::npos);
}

TEST(Report, ShowsTheNotesOfALoadUnderItsRow) {
  Rehearsal rehearsal = example();
  std::string note = "rules: 12";
  for (int i = 0; i < 30; ++i) {
    note += ", and more";
  }
  rehearsal.profiles[1].loads[0].result.notes = {note, "the agents used 1.2 s of CPU"};
  const std::string both = renderTable(rehearsal, {});
  const auto keepAlive = both.find("\n      keep-alive");
  const auto first = both.find("\n          hitless: rules: 12, and more");
  const auto second = both.find("\n          hitless: the agents used 1.2 s of CPU\n");
  EXPECT_LT(keepAlive, first);
  EXPECT_LT(first, second);
  EXPECT_LT(second, both.find("\n      new connections"));
  EXPECT_LE(widest(both), 100U);
  rehearsal.profiles.erase(rehearsal.profiles.begin());
  rehearsal.profiles[0].loads.pop_back();
  const std::string alone = renderTable(rehearsal, {});
  EXPECT_NE(alone.find("\n          the agents used 1.2 s of CPU\n"), std::string::npos) << alone;
  const kube::json::object json = renderJson(rehearsal);
  const auto& load = json.at("profiles").at(0).at("loads").at(0).get_object();
  EXPECT_EQ(load.at("notes").at(1).as_string(), "the agents used 1.2 s of CPU");
}

TEST(Report, PodHistoryJoinsEndpointUpdateAndRules) {
  const auto pods = podHistories(rollout(900, 24), "node-2");
  ASSERT_EQ(pods.size(), 2U);
  EXPECT_EQ(pods[0].name, "default/web-a");
  EXPECT_EQ(pods[0].endpointUpdate, at(120));
  EXPECT_EQ(pods[0].endpointRevision, 20U);
  EXPECT_EQ(pods[0].rulesCommit, at(1020));
  EXPECT_EQ(pods[1].endpointUpdate, at(620));
  EXPECT_EQ(pods[1].rulesCommit, at(1520));
  EXPECT_EQ(pods[1].stopping(), at(628));
  EXPECT_FALSE(podHistories(rollout(900, 24), "node-9")[0].rulesCommit);
}

TEST(Report, AnAddressBelongsToThePodThatHadItThen) {
  std::vector<Event> events = {event(0, What::kPodReady, "default/old", "10.1.1.2"),
                               event(900, What::kPodGone, "default/old", "10.1.1.2"),
                               event(1000, What::kPodReady, "default/new", "10.1.1.2")};
  const auto pods = podHistories(events, "");
  const IpAddress ip = *IpAddress::parse("10.1.1.2");
  EXPECT_EQ(podAt(pods, ip, at(500))->name, "default/old");
  EXPECT_EQ(podAt(pods, ip, at(1500))->name, "default/new");
  EXPECT_EQ(podAt(pods, ip, at(-1))->name, "default/old");
  EXPECT_EQ(podAt(pods, *IpAddress::parse("10.1.1.3"), at(1)), nullptr);
}

TEST(Report, ClassTableIsInOrderAndDocumented) {
  std::ifstream page(testing::sourceFile("docs/rehearse-output.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  int position = 0;
  for (const ClassInfo& row : classes()) {
    EXPECT_EQ(static_cast<int>(row.failureClass), position++) << row.id;
    EXPECT_NE(text.find("| `" + std::string(row.id) + "` | " + std::string(row.explanation)),
              std::string::npos)
        << row.id;
  }
}

TEST(Report, PercentilesAreThoseOfAllRequestsTogether) {
  ProfileRun run{"hitless", "", {}, {}, {}, {}, {}};
  run.loads = {loadOf("a", "", {}, 0, milliseconds{1}), loadOf("b", "", {}, 0, milliseconds{100})};
  const auto analysed = analyse(run);
  const ProfileReport& report = *analysed;
  EXPECT_EQ(report.latency.count(), 20000U);
  EXPECT_LE(report.latency.percentile(49), milliseconds{2});
  EXPECT_GE(report.latency.percentile(51), milliseconds{99});
}

TEST(Report, CountsWhatIsNotListedAndNamesMissingNodes) {
  Rehearsal rehearsal = example();
  rehearsal.profiles[0].loads[1].result.failures.counts[Cause::kConnectionRefused] += 1000;
  rehearsal.profiles[1].events.push_back(event(130, What::kGatePassed, "default/web-a", "10.1.1.2",
                                               "time used up, missing: node-3", "node-1"));
  const auto analysed = analyse(rehearsal.profiles[0]);
  const ProfileReport& stock = *analysed;
  ASSERT_FALSE(stock.groups.empty());
  EXPECT_EQ(stock.groups.back().failureClass, FailureClass::kNotListed);
  EXPECT_EQ(stock.groups.back().count, 1000U);
  const auto other = analyse(rehearsal.profiles[1]);
  const ProfileReport& hitless = *other;
  ASSERT_EQ(hitless.gateWaits.size(), 1U);
  EXPECT_EQ(hitless.gateWaits[0].detail, "time used up, missing: node-3");
  EXPECT_EQ(hitless.agents.size(), 1U);
  EXPECT_EQ(*hitless.agents[0].back - hitless.agents[0].stopped, milliseconds{48});
}

}  // namespace
}  // namespace hitless::report

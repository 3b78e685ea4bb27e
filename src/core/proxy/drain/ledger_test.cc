#include "core/proxy/drain/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RequestRecord request(const std::string& path, nanoseconds age) {
  RequestRecord record;
  record.method = "GET";
  record.authority = "web";
  record.path = path;
  record.duration = age;
  record.bytesSent = 17;
  record.upstream = Address{IpAddress::v4(0x0af40103), 8080};
  record.upstreamPod = "default/web-1";
  record.requestId = "r-1";
  return record;
}

DrainSettings graceOf(nanoseconds grace) {
  DrainSettings settings;
  settings.grace = grace;
  return settings;
}

TEST(DrainLedger, CountsAll) {
  Ledger ledger;
  ledger.add(request("/a", seconds(1)), Fate::kCompleted);
  ledger.add(request("/b", seconds(1)), Fate::kCompleted);
  ledger.add(request("/c", seconds(1)), Fate::kMoved);
  EXPECT_EQ(ledger.count(Fate::kCompleted), 2U);
  EXPECT_EQ(ledger.count(Fate::kMoved), 1U);
  EXPECT_EQ(ledger.count(Fate::kCut), 0U);
  EXPECT_EQ(renderLedger(ledger, graceOf(seconds(30))), "drained: 2 completed, 1 moved, 0 cut\n");
}

TEST(DrainLedger, SaysWhatWasCutAndWhatIsNotKnown) {
  Ledger ledger;
  ledger.add(request("/slow", milliseconds(41'200)), Fate::kCut);
  ledger.add(request("/fast", seconds(2)), Fate::kCut);
  EXPECT_EQ(renderLedger(ledger, graceOf(seconds(30))),
            "drained: 0 completed, 0 moved, 2 cut\n"
            "cut after 41.200 s: GET web/slow, upstream 10.244.1.3:8080 (default/web-1), 17 bytes "
            "sent, request r-1\n"
            "cut after 2.000 s: GET web/fast, upstream 10.244.1.3:8080 (default/web-1), 17 bytes "
            "sent, request r-1\n"
            "the oldest had been under way for 41.200 s: with a terminationGracePeriodSeconds of "
            "less than 43 s one like it can be cut again; how much more it would have needed is "
            "not known\n");
}

TEST(DrainLedger, TheGraceThatThereWasIsALowerBound) {
  Ledger ledger;
  EXPECT_EQ(ledger.graceNeeded(seconds(30), seconds(1)), std::nullopt);
  ledger.add(request("/late", seconds(2)), Fate::kCut);
  EXPECT_EQ(ledger.graceNeeded(seconds(30), seconds(1)), seconds(30));
  ledger.add(request("/old", seconds(60)), Fate::kCut);
  EXPECT_EQ(ledger.graceNeeded(seconds(30), seconds(1)), seconds(61));
}

TEST(DrainLedger, OfAFixedDrainItsDurationIsTheBound) {
  Ledger ledger;
  ledger.add(request("/report", seconds(6)), Fate::kCut);
  DrainSettings settings = graceOf(seconds(30));
  settings.mode = {DrainMode::Kind::kFixed, seconds(5)};
  EXPECT_THAT(renderLedger(ledger, settings),
              HasSubstr("with a terminationDrainDuration of less than 6 s"));
}

TEST(DrainLedger, NothingFromOutsideForgesALine) {
  RequestRecord record = request("/\ncut after 0 s: \"", seconds(1));
  record.requestId = "a\r\nb";
  record.authority = "\xff";
  Ledger ledger;
  ledger.add(record, Fate::kCut);
  const std::string text = renderLedger(ledger, graceOf(seconds(30)));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, HasSubstr("GET \\xff/\\x0acut after 0 s: \\\""));
}

TEST(DrainLedger, KeepsSoManyAndCountsTheRest) {
  Ledger ledger;
  for (std::size_t i = 0; i < Ledger::kMostEntries + 5; ++i) {
    ledger.add(request("/x", seconds(1)), Fate::kCut);
  }
  EXPECT_EQ(ledger.entries().size(), Ledger::kMostEntries);
  EXPECT_THAT(renderLedger(ledger, graceOf(seconds(30))), HasSubstr("\nand 5 more\n"));
  Ledger other = ledger;
  other.merge(ledger);
  EXPECT_EQ(other.count(Fate::kCut), 2 * (Ledger::kMostEntries + 5));
  EXPECT_EQ(other.entries().size(), Ledger::kMostEntries);
}

TEST(DrainLedger, MergesWorkers) {
  Ledger one;
  one.add(request("/a", seconds(1)), Fate::kCut);
  Ledger two;
  two.add(request("/b", seconds(3)), Fate::kCut);
  two.add(request("/c", seconds(3)), Fate::kCompleted);
  one.merge(two);
  EXPECT_EQ(one.count(Fate::kCut), 2U);
  EXPECT_EQ(one.count(Fate::kCompleted), 1U);
  EXPECT_EQ(one.oldestCut(), seconds(3));
  EXPECT_EQ(one.entries().back().path, "/b");
}

TEST(DrainLedger, IsJsonToo) {
  Ledger ledger;
  RequestRecord bytes = request("", seconds(4));
  bytes.method.clear();
  ledger.add(bytes, Fate::kCut);
  const auto json = ledgerToJson(ledger, graceOf(seconds(2)));
  EXPECT_EQ(json.at("cut").to_number<int>(), 1);
  EXPECT_EQ(json.at("requests").at(0).at("fate").as_string(), "cut");
  EXPECT_EQ(json.at("requests").at(0).at("ageSeconds").to_number<double>(), 4);
  EXPECT_EQ(json.at("graceNeededAtLeastSeconds").to_number<double>(), 5);
  EXPECT_THAT(renderLedger(ledger, graceOf(seconds(2))), HasSubstr("s: connection of bytes, up"));
}

}  // namespace
}  // namespace hitless::proxy

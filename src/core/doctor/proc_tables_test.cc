#include "core/doctor/proc_tables.h"

#include <gtest/gtest.h>

#include <random>

namespace hitless::doctor {
namespace {

constexpr std::string_view kStat =
    "entries  clashres found insert_failed drop\n"
    "00000010  00000000 00000001 0000000a 00000001\n"
    "00000010  00000000 00000002 00000010 00000000\n";
constexpr std::string_view kNetstat =
    "TcpExt: A IPReversePathFilter C\nTcpExt: 1 22 3\nIpExt: X\nIpExt: 7\n";
constexpr std::string_view kSoftnet =
    "0000000e 00000001 00000002 0 0 0 0 0 0 0 0 0 00000000 0 0\n"
    "00000559 00000000 00000003 0 0 0 0 0 0 0 0 0 00000003 0 0\n";
constexpr std::string_view kSoftirqs =
    "                    CPU0       CPU1\n      NET_TX:          1          2\n"
    "      NET_RX:       1000         42\n";
constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
    "   1: 0100007F:C350 0200007F:1F90 06 00000000:00000000 00:00000000 00000000     0\n";
constexpr std::string_view kTcp6 =
    "   1: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000200007F:1F90 01 0\n"
    "   2: 000000000000000000000000010000FE:0001 00000000000000000000000001000000:0002 01 0\n";

TEST(ProcTables, ReadsColumns) {
  EXPECT_EQ(cpuSum(kStat, "insert_failed"), 26U);
  EXPECT_EQ(cpuFirst(kStat, "entries"), 16U);
  EXPECT_EQ(cpuSum(kStat, "nothing"), std::nullopt);
  EXPECT_EQ(cpuSum("", "drop"), std::nullopt);
  EXPECT_EQ(netstat(kNetstat, "TcpExt", "IPReversePathFilter"), 22U);
  EXPECT_EQ(netstat(kNetstat, "IpExt", "X"), 7U);
  EXPECT_EQ(netstat(kNetstat, "TcpExt", "X"), std::nullopt);
  EXPECT_EQ(softnetRows(kSoftnet), (std::vector<SoftnetRow>{{0, 14, 1, 2}, {3, 0x559, 0, 3}}));
  EXPECT_EQ(softirqs(kSoftirqs, "NET_RX"), (std::vector<std::uint64_t>{1000, 42}));
}

TEST(ProcTables, ReadsSockets) {
  std::vector<SocketLine> found;
  for (const auto text : {kTcp, kTcp6}) {
    eachSocket(text, [&](const SocketLine& one) { found.push_back(one); });
  }
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].state, kSocketListens);
  EXPECT_EQ(found[1].remote.text(), "127.0.0.2");
  EXPECT_EQ(found[1].remotePort, 8080);
  EXPECT_EQ(found[1].state, kSocketTimeWait);
  EXPECT_EQ(found[2].local.text(), "127.0.0.1");
  EXPECT_FALSE(found[3].local.isV4());
}

TEST(ProcTables, GrowthIsFromTheFirstSampleToTheLast) {
  Evidence evidence;
  evidence.samples.resize(2);
  evidence.samples[0].files["a"] = "5";
  const auto read = [](std::string_view text) -> std::optional<std::uint64_t> {
    return text.size();
  };
  EXPECT_EQ(growth(evidence, "a", read), std::nullopt);
  evidence.samples[1].files["a"] = "555";
  evidence.samples[1].at = milliseconds(500);
  EXPECT_EQ(growth(evidence, "a", read), 2U);
  EXPECT_DOUBLE_EQ(perSecond(evidence, 2), 4.0);
  evidence.samples[1].files["a"] = "";
  EXPECT_EQ(growth(evidence, "a", read), 0U);
  EXPECT_EQ(grouped(1055488), "1,055,488");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(percent(1, 0), 0U);
  EXPECT_EQ(percent(95, 100), 95U);
}

TEST(ProcTablesFuzz, AnyTextIsReadOrLeftOut) {
  std::mt19937 random(3);
  for (const auto sample : {kStat, kNetstat, kSoftnet, kSoftirqs, kTcp, kTcp6}) {
    for (int round = 0; round < 2000; ++round) {
      std::string text(sample.substr(0, random() % (sample.size() + 1)));
      for (int change = 0; change < 5 && !text.empty(); ++change) {
        text[random() % text.size()] = static_cast<char>(random() % 256);
      }
      (void)cpuSum(text, "insert_failed");
      (void)cpuFirst(text, "entries");
      (void)netstat(text, "TcpExt", "IPReversePathFilter");
      (void)softnetRows(text);
      (void)softirqs(text, "NET_RX");
      std::size_t count = 0;
      eachSocket(text, [&](const SocketLine&) { ++count; });
      EXPECT_LE(count, text.size());
    }
  }
}

}  // namespace
}  // namespace hitless::doctor

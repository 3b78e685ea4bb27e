#include "core/doctor/checks/neighbour-overflow/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

constexpr std::string_view kArp = "proc/net/stat/arp_cache";

std::string stat(const char* entries, const char* fulls) {
  return std::string("entries  table_fulls\n") + entries + " " + fulls + "\n" + entries + " 0\n";
}

TEST(NeighbourOverflow, GradesByFillAndByRefusals) {
  MadeEvidence made;
  made.has("proc/sys/net/ipv4/neigh/default/gc_thresh3", "1024\n");
  made.becomes(kArp, stat("100", "3"), stat("100", "3"));  // 256
  EXPECT_TRUE(kNeighbourOverflow.run(made.evidence).empty());
  made.becomes(kArp, stat("100", "3"), stat("380", "3"));  // 896
  const auto warned = kNeighbourOverflow.run(made.evidence);
  ASSERT_EQ(warned.size(), 1U);
  EXPECT_EQ(warned[0].severity, Severity::kWarning);
  EXPECT_EQ(warned[0].summary, "the ARP table holds 896 of 1,024 entries (87 %)");
  ASSERT_EQ(warned[0].repair.size(), 3U);
  EXPECT_EQ(warned[0].repair[0], Action(WriteSysctl{"net/ipv4/neigh/default/gc_thresh3", "4096"}));
  made.becomes(kArp, stat("100", "3"), stat("100", "a"));
  EXPECT_EQ(kNeighbourOverflow.run(made.evidence).at(0).severity, Severity::kCritical);
}

TEST(NeighbourOverflow, NamesAFloodOfSilentAddresses) {
  Network network;
  network.interfaces.resize(1);
  network.interfaces[0].index = 3;
  network.interfaces[0].name = "cni0";
  for (std::uint32_t i = 0; i < 60; ++i) {
    network.neighbours.push_back({3, IpAddress::v4(0x0a000000 + i), kNeighbourFailed});
  }
  MadeEvidence made;
  made.has("proc/sys/net/ipv4/neigh/default/gc_thresh3", "100");
  made.becomes(kArp, stat("1", "0"), stat("63", "0"));
  made.has(names::kLinks, renderNetwork(network));
  EXPECT_THAT(kNeighbourOverflow.run(made.evidence).at(0).evidence.at(1),
              HasSubstr("60 of them are addresses behind cni0"));
}

}  // namespace
}  // namespace hitless::doctor

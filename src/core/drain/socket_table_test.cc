#include "core/drain/socket_table.h"

#include <gtest/gtest.h>

#include <string>

namespace hitless::drain {
namespace {

constexpr std::string_view kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string line(std::string_view local, std::string_view state, std::string_view receive) {
  return std::string("   0: ") + std::string(local) + " 0A00000A:C350 " + std::string(state) +
         " 00000000:" + std::string(receive) + " 00:00000000 00000000     0        0 1 1 0\n";
}

TEST(UntakenIn, CountsConnectionsThatWaitToBeAccepted) {
  const std::string table = std::string(kHead) + line("00000000:1F90", "0A", "00000003");
  EXPECT_EQ(untakenIn(table, ""), 3U);
  EXPECT_EQ(untakenIn("", table), 3U);
}

TEST(UntakenIn, CountsUnreadBytesOnServedPortsOnly) {
  const std::string listening = line("00000000:1F90", "0A", "00000000");
  EXPECT_EQ(untakenIn(listening + line("0A00000A:1F90", "01", "00000040"), ""), 1U);
  EXPECT_EQ(untakenIn(listening + line("0A00000A:1F90", "01", "00000000"), ""), 0U);
  // A connection that the pod itself has made.
  EXPECT_EQ(untakenIn(listening + line("0A00000A:9999", "01", "00000040"), ""), 0U);
}

TEST(UntakenIn, PassesOverWhatItDoesNotKnow) {
  EXPECT_EQ(untakenIn("", ""), 0U);
  EXPECT_EQ(untakenIn("garbage\n\n : : : :\n   0: x:y z:w 0A q:zz", "1: a 2 3 4"), 0U);
}

TEST(IsLocalAddress, ReadsTheLocalTable) {
  constexpr std::string_view kTrie =
      "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.244.1.1\n        /32 link UNICAST\n"
      "Local:\n     |-- 10.244.1.2\n        /32 host LOCAL\n";
  EXPECT_TRUE(isLocalAddress(kTrie, "10.244.1.2"));
  EXPECT_FALSE(isLocalAddress(kTrie, "10.244.1.1"));
  EXPECT_FALSE(isLocalAddress(kTrie, "10.244.1.20"));
  EXPECT_FALSE(isLocalAddress("", "10.244.1.2"));
}

}  // namespace
}  // namespace hitless::drain

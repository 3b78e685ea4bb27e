#include "sys/doctor/collector.h"

#include <gmock/gmock.h>

#include "testing/netns.h"

namespace hitless::sys {
namespace {

using doctor::Evidence;
using doctor::Want;

TEST(Collector, ReadsFilesAndPatternsOfItsOwnNetworkNamespace) {
  testing::inNamespaces([] {
    ASSERT_TRUE(testing::writeProcFile("/proc/sys/net/ipv4/conf/lo/rp_filter", "2"));
    const Want wants[] = {{"proc/sys/net/ipv4/conf/*/rp_filter"}, {"proc/net/dev"}};
    const Evidence evidence = collect(wants);
    EXPECT_EQ(evidence.number("proc/sys/net/ipv4/conf/lo/rp_filter"), 2);
    EXPECT_EQ(evidence.names("proc/sys/net/ipv4/conf/*/rp_filter").size(), 3U);  // all, default, lo
    // A new namespace has lo and perhaps the kernel's fallback tunnels, but none of the host's.
    ASSERT_NE(evidence.find("proc/net/dev"), nullptr);
    EXPECT_EQ(evidence.find("proc/net/dev")->find("eth0"), std::string::npos);
    EXPECT_EQ(evidence.samples.size(), 1U);
    EXPECT_THAT(evidence.unread, ::testing::IsEmpty());
  });
}

TEST(Collector, TakesASecondSampleOfWhatIsWantedTwice) {
  const Want wants[] = {{"proc/uptime", true}, {"proc/version"}};
  const Evidence evidence = collect(wants, {.interval = std::chrono::milliseconds(20)});
  ASSERT_EQ(evidence.samples.size(), 2U);
  EXPECT_TRUE(evidence.samples[1].files.contains("proc/uptime"));
  EXPECT_FALSE(evidence.samples[1].files.contains("proc/version"));
  EXPECT_GE(evidence.span(), std::chrono::milliseconds(20));
}

TEST(Collector, SaysWhatItCouldNotReadWhollyAndIsSilentOnWhatIsNotThere) {
  const Want wants[] = {{"proc/version"}, {"proc/no-such-file"}, {"etc/no-such-folder/*"}};
  const Evidence evidence = collect(wants, {.maxFile = 5});
  EXPECT_EQ(*evidence.find("proc/version"), "Linux");
  EXPECT_THAT(evidence.unread, ::testing::ElementsAre(::testing::Pair(
                                   "proc/version", "only the first 5 bytes were read")));
}

}  // namespace
}  // namespace hitless::sys

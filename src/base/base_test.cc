#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/count_text.h"
#include "base/error.h"
#include "base/ip.h"
#include "base/text.h"

namespace hitless {
namespace {

TEST(Time, RoundTripsRfc3339) {
  const auto time = parseTime("2026-11-21T19:40:02Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(formatTime(*time), "2026-11-21T19:40:02Z");
  EXPECT_EQ(formatMicroTime(*time + nanoseconds{1'500'000}), "2026-11-21T19:40:02.001500Z");
}

TEST(Time, UnderstandsOffsetsAndFractions) {
  EXPECT_EQ(parseTime("2026-11-21T21:40:02.25+02:00"),
            *parseTime("2026-11-21T19:40:02Z") + milliseconds{250});
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-11-21T19:40:02", "2026-11-21 19:40:02Z",
        "2026-11-21T25:00:00Z", "2026-11-21T19:40:02Zjunk"}) {
    EXPECT_FALSE(parseTime(text)) << text;
  }
}

TEST(HumanDuration, ReadsLikeKubectl) {
  EXPECT_EQ(humanDuration(seconds{119}), "119s");
  EXPECT_EQ(humanDuration(seconds{250}), "4m10s");
  EXPECT_EQ(humanDuration(seconds{3 * 3600 + 300}), "3h5m");
  EXPECT_EQ(humanDuration(seconds{-5}), "<invalid>");
}

TEST(Duration, ReadsGoSyntax) {
  EXPECT_EQ(parseDuration("1.5s"), milliseconds{1500});
  EXPECT_EQ(parseDuration("1h2m"), seconds{3720});
  EXPECT_EQ(parseDuration("300ms"), milliseconds{300});
  EXPECT_EQ(parseDuration("0"), seconds{0});
  EXPECT_FALSE(parseDuration("5"));
  EXPECT_FALSE(parseDuration("s"));
}

TEST(Ip, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.0.0.1")->text(), "10.0.0.1");
  EXPECT_EQ(IpAddress::parse("fd00::0001")->text(), "fd00::1");
  EXPECT_FALSE(IpAddress::parse("10.0.0"));
  EXPECT_FALSE(IpAddress::parse("010.0.0.1x"));
}

TEST(Cidr, ContainsAndCounts) {
  const auto cidr = Cidr::parse("10.244.1.0/24");
  ASSERT_TRUE(cidr);
  EXPECT_TRUE(cidr->contains(*IpAddress::parse("10.244.1.200")));
  EXPECT_FALSE(cidr->contains(*IpAddress::parse("10.244.2.1")));
  EXPECT_FALSE(cidr->contains(*IpAddress::parse("fd00::1")));
  EXPECT_EQ(cidr->at(1).text(), "10.244.1.1");
  EXPECT_EQ(Cidr::parse("10.1.2.3/20")->masked().text(), "10.1.0.0/20");
  EXPECT_FALSE(Cidr::parse("10.0.0.0/33"));
  EXPECT_FALSE(Cidr::parse("10.0.0.0"));
}

TEST(CountText, SeparatesThousandsAndTellsOneFromMany) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1055488), "1,055,488");
  EXPECT_EQ(counted(1, "rule"), "1 rule");
  EXPECT_EQ(counted(0, "rule"), "0 rules");
  EXPECT_EQ(counted(2000, "process", "processes"), "2,000 processes");
}

TEST(Text, SuggestsWhatWasMeant) {
  EXPECT_EQ(nearest("replcas", {"replicas", "selector"}), "replicas");
  EXPECT_FALSE(nearest("zzz", {"replicas", "selector"}));
}

TEST(Error, SaysWhatWhereAndNext) {
  const Error error = Error{ErrorKind::kInvalid, "must be set", {}, "add it", 0}.about("a.yaml:3");
  EXPECT_EQ(error.text(), "a.yaml:3: must be set (add it)");
}

}  // namespace
}  // namespace hitless

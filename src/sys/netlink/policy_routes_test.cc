#include "sys/netlink/policy_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using ::testing::Not;
using testing::outputOf;
using ::testing::UnorderedElementsAre;

constexpr std::uint32_t kTable = 5300;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(PolicyRoutes, RulesComeAndGoAndAreThereOnce) {
  inNamespaces([] {
    auto routes = PolicyRoutes::open();
    ASSERT_OK(routes);
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const std::string list = family == IpFamily::kV4 ? "ip rule" : "ip -6 rule";
      const std::string before = outputOf(list);
      const netlink::MarkRule rule{family, 0x1000, kTable, 53};
      ASSERT_OK(routes->addRule(rule));
      ASSERT_OK(routes->addRule(rule));
      EXPECT_THAT(outputOf(list), HasSubstr("53:\tfrom all fwmark 0x1000/0x1000 lookup 5300"));
      ASSERT_OK(routes->removeRule(rule));
      EXPECT_EQ(outputOf(list), before);
      ASSERT_OK(routes->removeRule(rule));
    }
  });
}

TEST(PolicyRoutes, LocalRoutesComeAndGoAndAreReadBack) {
  inNamespaces([] {
    ASSERT_EQ(outputOf("ip link set lo up"), "");
    auto routes = PolicyRoutes::open();
    ASSERT_OK(routes);
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const auto none = routes->localRoutes(family, kTable);
      ASSERT_OK(none);
      EXPECT_TRUE(none->empty());
    }
    for (const char* address : {"10.96.0.10", "10.96.0.10", "169.254.20.10", "fd00:96::10"}) {
      ASSERT_OK(routes->addLocalRoute({ip(address), kTable}));
    }
    EXPECT_THAT(outputOf("ip route show table 5300"), HasSubstr("local 10.96.0.10 dev lo"));
    EXPECT_THAT(outputOf("ip -6 route show table 5300"), HasSubstr("local fd00:96::10 dev lo"));
    EXPECT_THAT(*routes->localRoutes(IpFamily::kV4, kTable),
                UnorderedElementsAre(ip("10.96.0.10"), ip("169.254.20.10")));
    EXPECT_THAT(*routes->localRoutes(IpFamily::kV6, kTable),
                UnorderedElementsAre(ip("fd00:96::10")));
    ASSERT_OK(routes->removeLocalRoute({ip("169.254.20.10"), kTable}));
    ASSERT_OK(routes->removeLocalRoute({ip("169.254.20.10"), kTable}));
    EXPECT_THAT(*routes->localRoutes(IpFamily::kV4, kTable),
                UnorderedElementsAre(ip("10.96.0.10")));
  });
}

}  // namespace
}  // namespace hitless::sys

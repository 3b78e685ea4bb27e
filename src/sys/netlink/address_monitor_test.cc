#include "sys/netlink/address_monitor.h"

#include <gtest/gtest.h>

#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::outputOf;

std::vector<std::string> texts(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> list;
  for (const IpAddress& address : addresses) {
    list.push_back(address.text());
  }
  return list;
}

TEST(AddressMonitor, FollowsTheMachinesAddresses) {
  inNamespaces([] {
    ASSERT_EQ(outputOf("ip link set lo up; ip address add 192.0.2.1/32 dev lo"), "");
    auto monitor = AddressMonitor::open();
    ASSERT_OK(monitor);
    boost::asio::io_context io;
    std::vector<std::vector<std::string>> reports;
    monitor->start(io, [&](const std::vector<IpAddress>& now) { reports.push_back(texts(now)); });
    using List = std::vector<std::string>;
    ASSERT_EQ(reports, (std::vector<List>{{"192.0.2.1"}})) << "neither 127.0.0.1 nor ::1";

    ASSERT_EQ(outputOf("ip address add 2001:db8::7/128 dev lo nodad; "
                       "ip address add 198.51.100.3/32 dev lo"),
              "");
    while (io.poll() > 0) {
    }
    EXPECT_EQ(reports.back(), (List{"192.0.2.1", "198.51.100.3", "2001:db8::7"}));
    ASSERT_EQ(outputOf("ip address del 192.0.2.1/32 dev lo"), "");
    ASSERT_EQ(outputOf("ip address add 169.254.9.9/32 dev lo"), "");
    while (io.poll() > 0) {
    }
    EXPECT_EQ(reports.back(), (List{"198.51.100.3", "2001:db8::7"}));
    monitor->stop();
  });
}

}  // namespace
}  // namespace hitless::sys

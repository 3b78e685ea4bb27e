#include "core/doctor/checks/rp-filter/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

std::string drops(int count) {
  return "TcpExt: A IPReversePathFilter\nTcpExt: 1 " + std::to_string(count) + "\n";
}

TEST(RpFilter, FindsDropsWhereTheFilterIsStrict) {
  Network network;
  network.interfaces = {interface(1, "eth0", ""), interface(2, "flannel.1", "vxlan"),
                        interface(3, "cali1", "veth")};
  MadeEvidence made;
  made.has(names::kLinks, renderNetwork(network));
  made.has("proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
  for (const char* name : {"eth0", "flannel.1", "cali1"}) {
    made.has(std::string("proc/sys/net/ipv4/conf/") + name + "/rp_filter", "0\n");
  }
  made.becomes("proc/net/netstat", drops(9), drops(9));
  EXPECT_TRUE(kRpFilter.run(made.evidence).empty()) << "strict, but drops nothing";
  made.becomes("proc/net/netstat", drops(9), drops(14));
  const auto found = kRpFilter.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].summary, HasSubstr("dropped 5 packets"));
  ASSERT_EQ(found[0].repair.size(), 1U) << "not of eth0, not of Calico's";
  EXPECT_EQ(found[0].repair[0], Action(WriteSysctl{"net/ipv4/conf/flannel.1/rp_filter", "2"}));
  made.has("proc/sys/net/ipv4/conf/all/rp_filter", "2\n");
  EXPECT_TRUE(kRpFilter.run(made.evidence).empty()) << "the greater counts";
}

}  // namespace
}  // namespace hitless::doctor

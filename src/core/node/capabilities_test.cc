#include "core/node/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace hitless::node {
namespace {

constexpr Capabilities bit(unsigned number) {
  return Capabilities{1} << number;
}

TEST(Capabilities, WhatIsSaidCountsBesideTheDefault) {
  const Capabilities usual = defaultCapabilities();
  EXPECT_EQ(capabilitiesOf({}, {}), usual);
  EXPECT_EQ(usual & bit(CAP_NET_ADMIN), 0U);
  EXPECT_EQ(capabilitiesOf({"NET_ADMIN"}, {}), usual | bit(CAP_NET_ADMIN));
  EXPECT_EQ(capabilitiesOf({"CAP_NET_ADMIN"}, {"MKNOD"}),
            (usual | bit(CAP_NET_ADMIN)) & ~bit(CAP_MKNOD));
  EXPECT_EQ(capabilitiesOf({"FLY"}, {"SWIM"}), usual);
}

TEST(Capabilities, AllIsAllButWhatIsNamedBeside) {
  EXPECT_EQ(capabilitiesOf({}, {"ALL"}), 0U);
  EXPECT_EQ(capabilitiesOf({"NET_ADMIN"}, {"ALL"}), bit(CAP_NET_ADMIN));
  EXPECT_EQ(capabilitiesOf({"ALL"}, {}), bit(CAP_LAST_CAP + 1) - 1);
  EXPECT_EQ(capabilitiesOf({"ALL"}, {"SYS_ADMIN"}),
            (bit(CAP_LAST_CAP + 1) - 1) & ~bit(CAP_SYS_ADMIN));
}

}  // namespace
}  // namespace hitless::node

#include "app/agent/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/netns.h"

namespace hitless::app {
namespace {

using ::testing::HasSubstr;

TEST(Kernel, ARefusalSaysWhatToDo) {
  EXPECT_EQ(explainRefusal(osError("read nftables tables", EPERM)).text(),
            "may not work with packet rules: read nftables tables: Operation not permitted "
            "(CAP_NET_ADMIN is needed: run as root, or add NET_ADMIN to the container's "
            "securityContext.capabilities)");
  // Without the module nfnetlink knows no such subsystem: EINVAL; without nfnetlink there is no
  // such bus: EPROTONOSUPPORT.
  for (const int code : {EINVAL, EPROTONOSUPPORT, EOPNOTSUPP}) {
    const Error error = explainRefusal(osError("read nftables tables", code));
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_THAT(error.text(), HasSubstr("this kernel has no nftables"));
    EXPECT_THAT(error.text(), HasSubstr("modprobe nf_tables"));
  }
  EXPECT_THAT(explainRefusal(osError("read nftables tables", ENOMEM)).text(),
              ::testing::Not(HasSubstr("no nftables")));
}

TEST(Kernel, OneAgentServesANetworkNamespace) {
  testing::inNamespaces([] {
    auto first = openKernel();
    ASSERT_TRUE(first) << first.error().text();
    const auto second = openKernel();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text(), HasSubstr("one agent serves a node"));
    const Status removed = removeRules(false);
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().text(), HasSubstr("use --force"));
    EXPECT_TRUE(removeRules(true));
  });
}

}  // namespace
}  // namespace hitless::app

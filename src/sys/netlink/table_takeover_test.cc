#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "core/rules/skeleton.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/services.h"

/// What a full sync makes of a table as it may be found.
namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

const std::string kTable(rules::names::kTable);

service::SnapshotBuilder cluster(std::uint32_t services = 1) {
  std::vector<kube::ObjectPtr> objects;
  std::vector<kube::ObjectPtr> slices;
  for (std::uint32_t i = 0; i < services; ++i) {
    const std::string name = fmt::format("web-{}", i);
    objects.push_back(testing::service(name, IpAddress::v4(0x0a600000 + i).text()));
    slices.push_back(testing::slice(name, {{"10.244.1.5"}, {"10.244.2.5", "node-2"}}));
  }
  service::SnapshotBuilder builder;
  builder.applyServices(testing::full(std::move(objects)));
  builder.applyEndpointSlices(testing::full(std::move(slices)));
  return builder;
}

rules::Options options() {
  return {{IpFamily::kV4, IpFamily::kV6}, rules::podsIn({*Cidr::parse("10.244.1.0/24")})};
}

/// A process that changes a table of its own again and again, until this object goes.
class Busybody {
 public:
  Busybody() : pid_(::fork()) {
    if (pid_ == 0) {
      ::execlp("sh", "sh", "-c",
               "while :; do nft add table inet other; nft add chain inet other c; "
               "nft delete table inet other; sleep 0.3; done",
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
  }
  ~Busybody() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Busybody(const Busybody&) = delete;
  Busybody& operator=(const Busybody&) = delete;

 private:
  pid_t pid_;
};

/// A sync over whatever `commands` make of the kernel, then what nft lists.
std::string listedAfterSyncOver(const std::string& commands) {
  EXPECT_EQ(outputOf("nft '" + commands + "'"), "");
  auto dataplane = NftDataplane::open(kTable);
  rules::Programmer programmer(*dataplane, {"node-1", ""}, options());
  const auto receipt = programmer.sync(cluster().current(), {true, {}});
  EXPECT_TRUE(receipt) << (receipt ? "" : receipt.error().text());
  EXPECT_EQ(receipt ? receipt->dataplane.batches : 0, 1U) << "one transaction: no gap";
  return outputOf("nft list table inet " + kTable);
}

TEST(TableTakeover, ATableOfAnotherVersionIsReplacedInOneTransaction) {
  inNamespaces([] {
    const std::string fresh = listedAfterSyncOver("flush ruleset");
    ASSERT_THAT(fresh, HasSubstr("10.244.2.5"));
    const char* const kLeftOvers[] = {
        // Other comment, other sets with other types, chains that hold on to each other.
        "flush ruleset; table inet hitless { comment \"version 0\"; "
        "map old { type ipv4_addr . inet_service : verdict; "
        "elements = { 10.96.0.1 . 80 : goto svc }; }; "
        "chain svc { dnat ip to 10.244.9.9; }; "
        "chain nat-prerouting { type nat hook prerouting priority -90; "
        "ip daddr . tcp dport vmap @old; }; }",
        // The names of today with other types, flags and hooks.
        "flush ruleset; table inet hitless { comment \"Kubernetes services by hitless\"; "
        "set cluster-ips-v4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }; "
        "map service-endpoints-v4 { type ipv4_addr : ipv4_addr; "
        "elements = { 10.96.0.1 : 10.244.9.9 }; }; "
        "chain filter-forward { type filter hook input priority 7; drop; }; "
        "chain unserved { accept; }; }",
        // Kinds of objects that we never make.
        "flush ruleset; table inet hitless { counter seen { }; "
        "chain nat-output { type nat hook output priority -100; counter name seen; }; }",
        // A dormant table does nothing.
        "flush ruleset; table inet hitless { flags dormant; }",
        // A table of the same name in another family is another table.
        "flush ruleset; table ip hitless { chain c { accept; }; }",
    };
    for (const char* leftOver : kLeftOvers) {
      EXPECT_EQ(listedAfterSyncOver(leftOver), fresh) << leftOver;
    }
    EXPECT_THAT(outputOf("nft list tables"), HasSubstr("table ip hitless"));
  });
}

TEST(TableTakeover, IsRightWhileOthersChangeTheirTables) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    const auto builder = cluster(200);
    rules::Programmer programmer(*dataplane, {"node-1", ""}, options());
    ASSERT_OK(programmer.sync(builder.current(), {true, {}}));
    const auto before = dataplane->read();
    ASSERT_OK(before);
    const Busybody busybody;
    int read = 0;
    // The kernel interrupts a dump when any ruleset changes (EINTR); a mixture must never be
    // taken for the table.
    for (int i = 0; i < 15; ++i) {
      const auto now = dataplane->read();
      if (now) {
        ++read;
        EXPECT_TRUE(*now == *before);
      } else {
        EXPECT_EQ(now.error().osError, EINTR) << now.error().text();
      }
    }
    EXPECT_GT(read, 0);
    // A sync that could not read says so and is repeated, as the agent does.
    programmer.distrust();
    Result<rules::SyncReceipt> receipt = programmer.sync(builder.current(), {true, {}});
    for (int i = 0; i < 100 && !receipt; ++i) {
      receipt = programmer.sync(builder.current(), {true, {}});
    }
    ASSERT_OK(receipt);
    EXPECT_EQ(receipt->dataplane.operations, 0U);
  });
}

}  // namespace
}  // namespace hitless::sys

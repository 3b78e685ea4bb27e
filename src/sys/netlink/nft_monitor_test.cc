#include "sys/netlink/nft_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/nft/diff.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

const std::string kTable = "hitless";

/// A table with a set of addresses, the data plane that made it, and a monitor beside it.
struct Watched {
  explicit Watched(std::size_t receiveBuffer = std::size_t{8} << 20) {
    wanted.table = nft::TableSpec{kTable, ""};
    wanted.addSet({"addresses", nft::SetSpec::Kind::kSet, {nft::FieldType::kIpv4Addr}, {}, ""});
    auto opened = NftMonitor::open({kTable, dataplane->port(), receiveBuffer});
    EXPECT_TRUE(opened);
    monitor.emplace(std::move(*opened));
    monitor->start(io, [this](const std::optional<nft::TableChange>& change) {
      change ? changes.push_back(change->text()) : static_cast<void>(++overruns);
    });
    EXPECT_TRUE(dataplane->apply(nft::diff({}, wanted)));
  }

  void add(std::uint32_t count) {
    nft::Ruleset next = wanted;
    for (std::uint32_t i = 0; i < count; ++i) {
      next.sets.at("addresses")
          .elements.emplace(nft::Datum().address(IpAddress::v4(i)), nft::ElementValue{});
    }
    EXPECT_TRUE(dataplane->apply(nft::diff(wanted, next)));
    wanted = std::move(next);
  }
  /// What has been reported by the time the kernel has nothing more to say.
  void settle() {
    while (io.poll() > 0) {
    }
  }

  boost::asio::io_context io;
  Result<NftDataplane> dataplane = NftDataplane::open(kTable);
  nft::Ruleset wanted;
  std::optional<NftMonitor> monitor;
  std::vector<std::string> changes;
  int overruns = 0;
};

TEST(NftMonitor, TellsWhoDeletedAnElement) {
  inNamespaces([] {
    Watched watched;
    watched.add(3);
    EXPECT_EQ(outputOf("nft delete element inet hitless addresses { 0.0.0.2 }"), "");
    watched.settle();
    ASSERT_EQ(watched.changes.size(), 1U);
    EXPECT_THAT(watched.changes[0], HasSubstr("(nft) deleted a set element"));
  });
}

TEST(NftMonitor, NoticesAFlushedRuleset) {
  inNamespaces([] {
    Watched watched;
    EXPECT_EQ(outputOf("nft flush ruleset"), "");
    watched.settle();
    ASSERT_EQ(watched.changes.size(), 1U);
    EXPECT_THAT(watched.changes[0], HasSubstr("deleted"));
  });
}

TEST(NftMonitor, IsSilentAboutOurOwnLoadsAndOtherTables) {
  inNamespaces([] {
    // A buffer that our own notifications would overrun, were they queued.
    Watched watched(4096);
    watched.add(20'000);
    EXPECT_EQ(outputOf("nft add table inet other; nft delete table inet other"), "");
    EXPECT_EQ(outputOf("nft list ruleset > /dev/null"), "");
    watched.settle();
    EXPECT_THAT(watched.changes, ::testing::IsEmpty());
    EXPECT_EQ(watched.overruns, 0);
  });
}

TEST(NftMonitor, SaysWhenItLostTrack) {
  inNamespaces([] {
    Watched watched(4096);
    for (int i = 0; i < 50; ++i) {
      outputOf(
          "nft add element inet hitless addresses { 10.0.0.1, 10.0.0.2, 10.0.0.3 }; "
          "nft flush set inet hitless addresses");
    }
    watched.settle();
    EXPECT_GE(watched.overruns, 1);
    // And it goes on.
    watched.changes.clear();
    EXPECT_EQ(outputOf("nft add chain inet hitless extra"), "");
    watched.settle();
    ASSERT_EQ(watched.changes.size(), 1U);
    EXPECT_THAT(watched.changes[0], HasSubstr("(nft) added a chain"));
  });
}

}  // namespace
}  // namespace hitless::sys

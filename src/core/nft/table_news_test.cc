#include "core/nft/table_news.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

constexpr std::uint32_t kOwn = 1000;
constexpr std::uint32_t kOther = 2000;

/// Notifications as the kernel sends them.
struct News {
  TableNews watched{"hitless", kOwn};

  std::optional<TableChange> say(std::uint16_t kind, const std::string& table, std::uint32_t port,
                                 std::uint8_t family = NFPROTO_INET) {
    netlink::Bytes bytes;
    netlink::Writer writer(bytes);
    writer.begin(wire::messageType(kind), 0, 1);
    writer.header(nfgenmsg{family, NFNETLINK_V0, 0});
    if (kind == NFT_MSG_NEWGEN) {
      writer.putBe32(NFTA_GEN_ID, 7);
      writer.putBe32(NFTA_GEN_PROC_PID, 4711);
      writer.putString(NFTA_GEN_PROC_NAME, "nft");
    } else {
      writer.putString(1, table);
    }
    writer.end();
    netlink::Message message = netlink::parseMessages(bytes).at(0);
    message.port = port;
    return watched.add(message);
  }
  std::optional<TableChange> end(std::uint32_t port) { return say(NFT_MSG_NEWGEN, "", port, 0); }
};

TEST(TableNews, NamesTheProcessThatChangedTheTable) {
  News news;
  EXPECT_FALSE(news.say(NFT_MSG_DELRULE, "hitless", kOther));
  EXPECT_FALSE(news.say(NFT_MSG_DELTABLE, "hitless", kOther));
  const auto change = news.end(kOther);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->text(), "process 4711 (nft) changed 2 objects; the first: deleted a rule");
  EXPECT_FALSE(news.end(kOther)) << "a transaction is told of once";
}

TEST(TableNews, ASingleElementIsAChange) {
  News news;
  EXPECT_FALSE(news.say(NFT_MSG_DELSETELEM, "hitless", kOther));
  const auto change = news.end(kOther);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->text(), "process 4711 (nft) deleted a set element");
}

TEST(TableNews, PassesOverOwnChangesAndOtherTables) {
  News news;
  EXPECT_FALSE(news.say(NFT_MSG_NEWSETELEM, "hitless", kOwn));
  EXPECT_FALSE(news.end(kOwn));
  EXPECT_FALSE(news.say(NFT_MSG_NEWSETELEM, "filter", kOther));
  EXPECT_FALSE(news.say(NFT_MSG_DELTABLE, "hitless", kOther, NFPROTO_IPV4));
  EXPECT_FALSE(news.say(NFT_MSG_DELTABLE, "hitless-2", kOther));
  EXPECT_FALSE(news.end(kOther));
}

TEST(TableNews, ToleratesMessagesThatAreCutShort) {
  News news;
  EXPECT_FALSE(news.watched.add({wire::messageType(NFT_MSG_DELRULE), 0, 1, {}, kOther}));
  EXPECT_FALSE(news.watched.add({wire::messageType(NFT_MSG_NEWGEN), 0, 1, {}, kOther}));
}

}  // namespace
}  // namespace hitless::nft

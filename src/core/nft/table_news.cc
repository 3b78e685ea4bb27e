#include "core/nft/table_news.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <utility>

#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

struct Kind {
  std::uint16_t message;
  std::string_view said;
};

/// What a transaction can notify of. Every kind carries its table's name in attribute 1.
constexpr Kind kKinds[] = {
    {NFT_MSG_NEWTABLE, "added the table"},
    {NFT_MSG_DELTABLE, "deleted the table"},
    {NFT_MSG_NEWCHAIN, "added a chain"},
    {NFT_MSG_DELCHAIN, "deleted a chain"},
    {NFT_MSG_NEWRULE, "added a rule"},
    {NFT_MSG_DELRULE, "deleted a rule"},
    {NFT_MSG_NEWSET, "added a set"},
    {NFT_MSG_DELSET, "deleted a set"},
    {NFT_MSG_NEWSETELEM, "added a set element"},
    {NFT_MSG_DELSETELEM, "deleted a set element"},
    {NFT_MSG_NEWOBJ, "added an object"},
    {NFT_MSG_DELOBJ, "deleted an object"},
    {NFT_MSG_NEWFLOWTABLE, "added a flow table"},
    {NFT_MSG_DELFLOWTABLE, "deleted a flow table"},
};
constexpr std::uint16_t kTableName = 1;
static_assert(NFTA_TABLE_NAME == kTableName && NFTA_CHAIN_TABLE == kTableName &&
              NFTA_RULE_TABLE == kTableName && NFTA_SET_TABLE == kTableName &&
              NFTA_SET_ELEM_LIST_TABLE == kTableName && NFTA_OBJ_TABLE == kTableName &&
              NFTA_FLOWTABLE_TABLE == kTableName);

std::string_view saidBy(const netlink::Message& message) {
  for (const Kind& kind : kKinds) {
    if (message.type == wire::messageType(kind.message)) {
      return kind.said;
    }
  }
  return {};
}

}  // namespace

std::string TableChange::text() const {
  const std::string who = pid == 0 && process.empty()
                              ? std::string("another process")
                              : fmt::format("process {} ({})", pid, process);
  return objects == 1 ? fmt::format("{} {}", who, first)
                      : fmt::format("{} changed {} objects; the first: {}", who, objects, first);
}

bool TableNews::concerns(const netlink::Message& message) const {
  const auto header = message.header<nfgenmsg>();
  return message.port != ownPort_ && header && header->nfgen_family == NFPROTO_INET &&
         message.attributes(sizeof(nfgenmsg)).text(kTableName) == table_;
}

std::optional<TableChange> TableNews::add(const netlink::Message& message) {
  if (message.type == wire::messageType(NFT_MSG_NEWGEN)) {
    TableChange change = std::exchange(pending_, {});
    if (change.objects == 0) {
      return std::nullopt;
    }
    const auto attributes = message.attributes(sizeof(nfgenmsg));
    change.pid = attributes.be32(NFTA_GEN_PROC_PID).value_or(0);
    change.process = attributes.text(NFTA_GEN_PROC_NAME);
    return change;
  }
  const std::string_view said = saidBy(message);
  if (!said.empty() && concerns(message)) {
    if (pending_.objects++ == 0) {
      pending_.first = said;
    }
  }
  return std::nullopt;
}

}  // namespace hitless::nft

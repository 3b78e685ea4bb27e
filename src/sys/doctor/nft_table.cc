#include "sys/doctor/nft_table.h"

#include <fmt/format.h>
#include <linux/netfilter.h>

#include <cerrno>
#include <optional>

#include "base/count_text.h"
#include "sys/doctor/nft_reader.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kMostRules = 20'000;

std::uint8_t protocolOf(IpFamily family) {
  return family == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

Status readChain(const nft::ChainPlace& place, nft::TableRules& rules) {
  auto head = readRuleHead(place, kMostRules);
  if (!head && head.error().osError == ENOENT) {
    return {};  // It has gone meanwhile, which the transaction's generation will tell.
  }
  RuleHead read = TRY(std::move(head));
  if (!read.whole) {
    return fail(
        ErrorKind::kUnsupported,
        fmt::format("{} {} has more than {} rules", place.table, place.chain, grouped(kMostRules)),
        "take its repetitions out first (nft-rule-explosion)");
  }
  rules.chains[place.chain] = std::move(read.rules);
  return {};
}

}  // namespace

nft::ChainPlace chainPlace(const doctor::TablePlace& place, const std::string& chain) {
  return {protocolOf(place.family), place.table, chain};
}

Result<std::shared_ptr<const nft::TableRules>> readTable(NetlinkSocket& socket,
                                                         const doctor::TablePlace& place,
                                                         const std::set<std::string>& wanted) {
  auto table = std::make_shared<nft::TableRules>();
  nft::TableRules& rules = *table;
  rules.family = protocolOf(place.family);
  rules.table = place.table;
  const auto chains = TRY(readNftChains(socket, rules.family));
  for (const nft::ForeignChain& chain : chains) {
    if (chain.chain.table != place.table) {
      continue;
    }
    rules.chains[chain.chain.name];
    if (chain.chain.use > 0 && (wanted.empty() || wanted.contains(chain.chain.name))) {
      TRY_VOID(readChain({rules.family, place.table, chain.chain.name}, rules));
    }
  }
  return table;
}

Status expectFree(NetlinkSocket& socket, const doctor::TablePlace& place) {
  std::optional<nft::TableOwner> found;
  const std::uint8_t family = protocolOf(place.family);
  const Status read =
      socket.dump(nft::encodeTableDump(family, socket.nextSequence()),
                  "read the tables of nf_tables", [&](const netlink::Message& message) {
                    const auto table = nft::tableOwnerOf(message);
                    if (table && table->table == place.table) {
                      found = table;
                    }
                    return Status{};
                  });
  if (!read && read.error().osError != EINTR) {
    return read;
  }
  if (found && found->port != 0) {
    return fail(ErrorKind::kPermission,
                fmt::format("{} belongs to one process alone (netlink port {}): the kernel lets "
                            "nobody else change it",
                            place.text(), found->port),
                "ask that process, or stop it");
  }
  return {};
}

}  // namespace hitless::sys

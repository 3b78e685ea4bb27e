#include "core/nft/foreign/change_tally.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "core/nft/foreign/chain_codec.h"
#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

constexpr std::size_t kMaxChains = 1000;

}  // namespace

void ChangeTally::add(const netlink::Message& message) {
  if (const auto generation = generationOf(message)) {
    close(*generation);
    return;
  }
  const bool added = message.type == wire::messageType(NFT_MSG_NEWRULE);
  const auto header = message.header<nfgenmsg>();
  if (!header || (!added && message.type != wire::messageType(NFT_MSG_DELRULE))) {
    return;
  }
  const auto attributes = message.attributes(sizeof(nfgenmsg));
  Counts& counts = open_[{header->nfgen_family, std::string(attributes.text(NFTA_RULE_TABLE)),
                          std::string(attributes.text(NFTA_RULE_CHAIN))}];
  ++(added ? counts.added : counts.deleted);
}

void ChangeTally::close(const Generation& generation) {
  doctor::NftWriter& writer = writers_[{generation.pid, generation.process}];
  writer.pid = generation.pid;
  writer.process = generation.process;
  ++writer.transactions;
  for (const auto& [place, counts] : open_) {
    writer.rulesAdded += counts.added;
    writer.rulesDeleted += counts.deleted;
    if (chains_.size() >= kMaxChains && chains_.find(place) == chains_.end()) {
      continue;
    }
    doctor::NftChainChange& chain = chains_[place];
    if (chain.chain.empty()) {
      chain = {familyName(place.family), place.table,   place.chain, 0, 0,
               generation.process,       generation.pid};
    }
    chain.rulesAdded += counts.added;
    chain.rulesDeleted += counts.deleted;
  }
  open_.clear();
}

void ChangeTally::lose() {
  lost_ = true;
  open_.clear();
}

doctor::NftChanges ChangeTally::changes() const {
  doctor::NftChanges out;
  out.lost = lost_;
  for (const auto& [key, writer] : writers_) {
    out.writers.push_back(writer);
  }
  for (const auto& [place, change] : chains_) {
    out.chains.push_back(change);
  }
  return out;
}

}  // namespace hitless::nft

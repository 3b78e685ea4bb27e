#pragma once

#include <map>
#include <utility>

#include "core/doctor/nft_changes.h"
#include "core/netlink/message.h"
#include "core/nft/foreign/requests.h"

namespace hitless::nft {

/// Counts what the kernel multicasts to NFNLGRP_NFTABLES by chain and by who sent it. A
/// transaction's notifications come first, then NFT_MSG_NEWGEN, which names the sender.
class ChangeTally {
 public:
  void add(const netlink::Message& message);
  /// Notifications were lost: what the open transaction said is not whole.
  void lose();
  /// Without the generations, which the caller asks the kernel for.
  doctor::NftChanges changes() const;

 private:
  struct Counts {
    std::uint64_t added = 0;
    std::uint64_t deleted = 0;
  };
  void close(const Generation& generation);

  std::map<ChainPlace, Counts> open_;
  std::map<std::pair<std::uint32_t, std::string>, doctor::NftWriter> writers_;
  std::map<ChainPlace, doctor::NftChainChange> chains_;
  bool lost_ = false;
};

}  // namespace hitless::nft

#pragma once

#include <string_view>

#include "base/error.h"
#include "core/nft/foreign/requests.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// Carries out transactions on anybody's nf_tables.
class NftCommitter {
 public:
  static Result<NftCommitter> open();

  NetlinkSocket& socket() { return socket_; }
  /// A batch whose bytes are more than this is refused by the system.
  std::size_t maxBytes() const { return maxBytes_; }
  /// An empty batch that stands on this generation.
  nft::ForeignBatch begin(std::uint32_t generation) { return {socket_.nextSequence(), generation}; }
  /// All or nothing. kConflict with osError ERESTART: somebody else committed since the generation
  /// that the batch stands on.
  Status commit(nft::ForeignBatch& batch, std::string_view what);

 private:
  NftCommitter(NetlinkSocket socket, std::size_t maxBytes)
      : socket_(std::move(socket)), maxBytes_(maxBytes) {}

  NetlinkSocket socket_;
  std::size_t maxBytes_;
};

/// True of the error of a commit that somebody else's has overtaken.
bool overtaken(const Error& error);

}  // namespace hitless::sys

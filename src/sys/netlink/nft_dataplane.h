#pragma once

#include <string>

#include "core/nft/dataplane.h"
#include "core/nft/decode.h"
#include "sys/netlink/socket.h"

namespace hitless::nft {
struct Batch;
}

namespace hitless::sys {

/// One `inet` table in the kernel, in the network namespace that the thread was in at open(). Needs
/// CAP_NET_ADMIN over that namespace. Not for use by two threads at once.
class NftDataplane : public nft::Dataplane {
 public:
  /// The most that is sent as one batch, if the machine allows it.
  static constexpr std::size_t kMaxBatch = std::size_t{32} << 20;

  static Result<NftDataplane> open(std::string table, std::size_t maxBatch = kMaxBatch);

  /// A transaction larger than one batch may be is cut. The bound is kMaxBatch where the kernel
  /// lets the owner of the network namespace raise a send buffer, else twice net.core.wmem_max,
  /// about 400 KiB.
  Result<nft::Receipt> apply(const nft::Transaction& transaction) override;
  Result<nft::Ruleset> read() override;
  Result<nft::Elements> readElements(const std::string& set) override;

  /// The netlink port that changes are made from, by which a monitor tells them from others.
  std::uint32_t port() const { return socket_.port(); }

 private:
  NftDataplane(NetlinkSocket socket, std::string table, std::size_t maxBatch)
      : socket_(std::move(socket)), table_(std::move(table)), maxBatch_(maxBatch) {}
  Status send(const nft::Transaction& transaction, const nft::Batch& batch);
  Result<nft::Ruleset> readOnce();
  Status dumpElements(const std::string& set, nft::Decoder& decoder);

  NetlinkSocket socket_;
  std::string table_;
  std::size_t maxBatch_;
};

}  // namespace hitless::sys

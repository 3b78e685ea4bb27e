#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "core/nft/foreign/chain_codec.h"
#include "core/nft/foreign/change_tally.h"
#include "core/nft/foreign/requests.h"
#include "sys/doctor/providers.h"
#include "sys/netlink/socket.h"

/// What nf_tables says of this thread's network namespace, read in bounded time however many rules
/// there are, and without the xtables lock. Needs CAP_NET_ADMIN over the namespace.
namespace hitless::sys {

/// evidence_names.h kNftChains: one dump, which looks at no rule.
Result<std::string> nftChains();

/// How many rules are read. A dump of a chain costs its reader's share of the chain squared, so the
/// bound is what keeps a look at a million rules cheap.
struct NftReadLimit {
  std::size_t perChain = 2'000;
  std::size_t total = 20'000;
};

/// evidence_names.h kNftRules4 and kNftRules6: with counters, as `iptables-save -c` prints. Of a
/// chain that is read in part it says "# unread CHAIN COUNT". Empty if iptables-nft has no table of
/// the family.
Result<std::string> nftRules(IpFamily family, const NftReadLimit& limit = {});

/// The same with the usual limit; kNotFound if iptables-nft has no table of the family.
Result<std::string> nftRules4();
Result<std::string> nftRules6();

/// Who changes the rules between start() and finish(): names::kNftChanges.
class NftChangeRecorder : public Recording {
 public:
  static Result<NftChangeRecorder> start();
  /// Call it once.
  Result<std::string> finish() override;

 private:
  NftChangeRecorder(NetlinkSocket socket, std::uint32_t generation)
      : socket_(std::move(socket)), firstGeneration_(generation) {}

  NetlinkSocket socket_;
  std::uint32_t firstGeneration_;
};

Result<std::unique_ptr<Recording>> recordNftChanges();

/// The building blocks, which the repairer uses too.
Result<std::vector<nft::ForeignChain>> readNftChains(NetlinkSocket& socket, std::uint8_t family);
Result<nft::Generation> readNftGeneration(NetlinkSocket& socket);

/// The beginning of a chain.
struct RuleHead {
  std::vector<nft::RawRule> rules;
  bool whole = false;        ///< These are all.
  bool interrupted = false;  ///< Somebody committed meanwhile.
};
enum class WhenInterrupted {
  kGoOn,  ///< The rules are not of one moment.
  kStop,  ///< They are those that were read before: of one moment, and at least 30.
};
/// Up to `limit` rules, on a socket of its own, because the rest of the dump is left where it is.
Result<RuleHead> readRuleHead(const nft::ChainPlace& place, std::size_t limit,
                              WhenInterrupted when = WhenInterrupted::kGoOn);

}  // namespace hitless::sys

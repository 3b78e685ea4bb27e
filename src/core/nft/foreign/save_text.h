#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/nft/foreign/chain_codec.h"
#include "core/nft/foreign/requests.h"

namespace hitless::nft {

/// The tables of iptables-nft as `iptables-nft-save -c` prints them: built-in chains in the order
/// of their hooks, the others by name.
class SaveText {
 public:
  struct Chain {
    ChainPlace place;
    std::uint32_t use = 0;
    std::string policy;  ///< "ACCEPT" or "DROP" of base chains.
    RuleCounters counters;
  };

  /// Takes the chains of one family; those of other tables are left out.
  SaveText(std::uint8_t family, const std::vector<ForeignChain>& chains);

  /// In the order in which they should be read: built-in chains first, then by name.
  const std::vector<Chain>& chains() const { return chains_; }
  /// The rules from a chain's beginning. `interrupted`: somebody committed while they were read.
  void add(const ChainPlace& place, std::span<const RawRule> rules, bool whole, bool interrupted);
  /// None of the chain's rules is read.
  void skip(const ChainPlace& place);
  /// Empty if there is no such table.
  std::string take();

 private:
  struct Rules {
    std::string lines;
    std::size_t read = 0;
    bool whole = true;
    bool interrupted = false;
  };
  void appendTable(std::string_view table, std::span<const std::string_view> builtIn,
                   std::string& out) const;
  void appendRules(const Chain& chain, std::string& out) const;

  std::uint8_t family_;
  std::vector<Chain> chains_;
  std::map<ChainPlace, Rules> rules_;
  std::map<ChainPlace, std::size_t> jumps_;  ///< Among the rules that were read.
};

/// True of the tables that iptables-nft keeps: raw, mangle, nat, filter, security of ip and ip6.
bool isIptablesTable(std::uint8_t family, std::string_view table);

}  // namespace hitless::nft

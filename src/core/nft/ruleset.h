#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/nft/expr.h"

/// One table of the `inet` family as a value: what we want the kernel to hold, or what it holds.
namespace hitless::nft {

enum class FieldType { kIpv4Addr, kIpv6Addr, kInetProto, kInetService, kMark };

/// How nft spells, numbers and sizes a field (its datatype.h is the only definition of the
/// numbers).
struct FieldInfo {
  std::string_view name;
  std::uint32_t number = 0;
  std::uint32_t size = 0;  ///< bytes, before padding to 4
};
const FieldInfo& info(FieldType type);
/// The bytes of a concatenation of fields, each padded to 4.
std::size_t sizeOf(const std::vector<FieldType>& fields);
/// How many bytes at the end of these the kernel does not have: nft pads the fields of
/// concatenations only.
std::size_t paddingOf(const std::vector<FieldType>& fields);

struct TableSpec {
  std::string name;
  std::string comment;
  /// The netlink port of the socket that owns the table; 0: nobody. The kernel lets nobody else
  /// change an owned table, and deletes it when that socket closes (NFT_TABLE_F_OWNER, since Linux
  /// 5.12). A table that is added belongs to the socket that adds it, whatever the number here.
  std::uint32_t owner = 0;
  bool operator==(const TableSpec&) const = default;
};

enum class HookPoint { kPrerouting, kInput, kForward, kOutput, kPostrouting };
/// kRoute, of the output hook only, routes the packet anew when the chain changed its mark.
enum class HookType { kFilter, kNat, kRoute };
struct Hook {
  HookType type = HookType::kFilter;
  HookPoint point = HookPoint::kForward;
  std::int32_t priority = 0;
  bool operator==(const Hook&) const = default;
};

struct ChainSpec {
  std::string name;
  std::optional<Hook> hook;  ///< Base chains have one; policy is accept.
  std::string comment;
  bool operator==(const ChainSpec&) const = default;
};
struct Chain {
  ChainSpec spec;
  std::vector<Rule> rules;
  bool operator==(const Chain&) const = default;
};

struct SetSpec {
  enum class Kind { kSet, kMap, kVerdictMap };
  std::string name;
  Kind kind = Kind::kSet;
  std::vector<FieldType> key;
  std::vector<FieldType> value;  ///< Of kMap.
  std::string comment;
  /// Filled by packets (UpdateMap), with elements that expire: not ours to compare or to restore.
  bool dynamic = false;
  /// Milliseconds after which the kernel removes an element that nobody else has removed; 0: never.
  std::uint64_t timeout = 0;
  /// Of kSet with one field of network byte order: the elements are intervals of keys, which may
  /// touch but not overlap.
  bool interval = false;
  bool operator==(const SetSpec&) const = default;
};

/// What a key maps to: nothing in a set, else a value or a verdict.
struct ElementValue {
  std::variant<std::monostate, Datum, Verdict> target;
  std::string comment;  ///< At most 128 bytes.
  /// Of interval sets, always: the interval's last key, which belongs to it. Else empty.
  Datum last = {};
  bool operator==(const ElementValue&) const = default;
};
using Elements = std::map<Datum, ElementValue>;
using Element = Elements::value_type;

struct Set {
  SetSpec spec;
  Elements elements;
  bool operator==(const Set&) const = default;
};

struct Ruleset {
  std::optional<TableSpec> table;  ///< nullopt: there is no table (and nothing else).
  std::map<std::string, Chain, std::less<>> chains;
  std::map<std::string, Set, std::less<>> sets;
  bool operator==(const Ruleset&) const = default;

  Chain& addChain(ChainSpec spec);
  Set& addSet(SetSpec spec);
};

}  // namespace hitless::nft

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/xtables/entry.h"

/// A whole legacy table: taken apart into chains, changed there, and put together again.
namespace hitless::xtables {

constexpr std::size_t kHooks = 5;  ///< NF_INET_NUMHOOKS
/// In the order of enum nf_inet_hooks.
constexpr std::array<std::string_view, kHooks> kHookNames{"PREROUTING", "INPUT", "FORWARD",
                                                          "OUTPUT", "POSTROUTING"};

/// What IPT_SO_GET_INFO tells.
struct TableInfo {
  std::string name;
  IpFamily family = IpFamily::kV4;
  std::uint32_t validHooks = 0;
  std::array<std::uint32_t, kHooks> hookEntry{};
  std::array<std::uint32_t, kHooks> underflow{};
  std::uint32_t entries = 0;
  std::uint32_t bytes = 0;
  bool operator==(const TableInfo&) const = default;
};

constexpr std::uint32_t kNewEntry = 0xffffffff;

/// Where a rule leads: a chain by its index, or one of these.
enum Leads : std::int32_t {
  kNowhere = -1,  ///< It has another target, or a verdict.
  kOn = -2,       ///< No target: to the next rule.
};

struct Rule {
  const std::uint8_t* bytes = nullptr;  ///< Of Table::info's family; lives elsewhere.
  std::int32_t leads = kNowhere;
  std::uint32_t old = kNewEntry;  ///< Its place among the entries that were read.
};

struct Chain {
  std::string name;
  int hook = -1;  ///< Of a built-in chain, else -1.
  Rule head;      ///< Of a chain that is not built-in: the entry with its name.
  Rule tail;      ///< The policy, or the end's RETURN.
  std::vector<Rule> rules;
  bool gone = false;  ///< Left out by assemble(); nothing leads to it any more.
};

struct Table {
  TableInfo info;
  std::vector<Chain> chains;  ///< In the order of the entries.
  Rule end;                   ///< The last entry: ERROR.
  /// Entries that were made here.
  std::vector<std::shared_ptr<const Bytes>> made;

  Entry entry(const Rule& rule) const { return {rule.bytes, info.family}; }
  /// Index of the chain that is there; -1 if there is none.
  std::int32_t find(std::string_view chain) const;
  std::size_t rules() const;
  /// Keeps the bytes of a new rule.
  Rule make(Bytes entry, std::int32_t leads);
};

/// Takes the entries of a table apart. They must outlive it: rules are views. Linear; 24 bytes of
/// memory a rule. An error on anything that iptables does not write.
Result<Table> takeApart(const TableInfo& info, ByteView entries);

struct Assembled {
  TableInfo info;
  Bytes message;  ///< The entries behind `room` bytes of zeros.
  /// For each entry its place among those that were read, or kNewEntry: how counters are carried.
  std::vector<std::uint32_t> old;
};

/// All offsets made anew. `room` is left before the entries for the head of IPT_SO_SET_REPLACE, so
/// that half a gigabyte is not copied once more. An error if it is more than a table may have.
Result<Assembled> assemble(const Table& table, std::size_t room = 0);

}  // namespace hitless::xtables

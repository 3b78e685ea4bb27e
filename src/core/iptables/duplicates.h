#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/iptables/dump.h"

/// How much of a dump is repetition, and what a packet pays for it.
namespace hitless::iptables {

struct RepeatedRule {
  std::string_view text;
  std::uint64_t count = 0;
  std::uint64_t mayGo = 0;  ///< Copies that decide nothing (superfluous.h).
  std::uint32_t firstLine = 0;
  std::uint32_t lastLine = 0;
};

struct ChainDuplicates {
  std::string_view table;
  std::string_view chain;
  std::uint64_t rules = 0;  ///< That were read.
  std::uint64_t unread = 0;
  std::uint64_t distinct = 0;
  std::uint64_t mayGo = 0;
  std::vector<RepeatedRule> top;  ///< That come twice or more, the most frequent first.
};

/// The most rules that a packet passes which no rule stops and which follows, in each chain, the
/// jump that leads through the most.
struct HookCost {
  std::string_view table;
  std::string_view hook;               ///< "INPUT"
  std::uint64_t rules = 0;             ///< With those that were not read.
  std::vector<std::string_view> path;  ///< "INPUT", "KUBE-ROUTER-INPUT"
};

struct Duplicates {
  std::vector<ChainDuplicates> chains;  ///< In the order of the dump.
  std::vector<HookCost> costs;          ///< Of each built-in chain, in the order of the dump.
  std::uint64_t rules = 0;
  std::uint64_t unread = 0;
  std::uint64_t distinct = 0;  ///< Sum over the chains.
  std::uint64_t mayGo = 0;
};

/// One pass; views into the dump, which must outlive it.
Duplicates findDuplicates(const Dump& dump, std::size_t top = 5);

/// What comparing a packet with one rule takes, in nanoseconds, as measured on the incident's rules
/// (2 CPUs, Linux 6.18).
struct RuleCost {
  double low = 0;
  double high = 0;
};
inline constexpr RuleCost kLegacyRuleCost{75, 165};
inline constexpr RuleCost kNftRuleCost{130, 220};

}  // namespace hitless::iptables

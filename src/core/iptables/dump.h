#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// What iptables-save prints, as a value. A million rules are read in about a second: the rules are
/// views into the text; only what is asked for is looked at closer (rule.h).
namespace hitless::iptables {

struct Counters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Counters&) const = default;
};

struct RuleText {
  std::string_view text;  ///< Behind "-A CHAIN ", without counters and line end.
  Counters counters;
  std::uint32_t line = 0;  ///< Of the dump, from 1.
};

struct Chain {
  std::string_view name;
  std::string_view policy;  ///< "ACCEPT" or "DROP" of a built-in chain; empty of others.
  Counters counters;
  std::vector<RuleText> rules;
  /// Rules that the chain has beyond these; from a line "# unread CHAIN COUNT", which the doctor
  /// writes where it read a part only.
  std::uint64_t unread = 0;

  bool builtIn() const { return !policy.empty(); }
};

struct Table {
  std::string_view name;
  std::vector<Chain> chains;  ///< In the order of the dump.
  const Chain* find(std::string_view chain) const;
};

struct Dump {
  std::shared_ptr<const std::string> text;  ///< What all views lead into.
  std::vector<Table> tables;
  const Table* find(std::string_view table) const;
};

/// Accepts what iptables-save, ip6tables-save and both back-ends' `-S` lines between "*TABLE" and
/// "COMMIT" print, with or without counters, and what iptables-restore takes of that. An error
/// names the line. A rule for a chain that was not declared declares it.
Result<Dump> parseDump(std::string text);

}  // namespace hitless::iptables

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// One rule of iptables, taken apart without knowing every match: what is unknown keeps its words.
namespace hitless::iptables {

struct Option {
  std::string name;                 ///< "-s", "--dport"
  std::vector<std::string> values;  ///< Without quotes.
  bool negated = false;
  bool operator==(const Option&) const = default;
};

struct Match {
  std::string name;  ///< "tcp", "comment", "conntrack"
  std::vector<Option> options;
  bool operator==(const Match&) const = default;
};

struct Rule {
  std::vector<Option> own;  ///< -s, -d, -i, -o, -p, -f
  std::vector<Match> matches;
  std::string target;  ///< "ACCEPT", a chain; empty: none.
  bool goes = false;   ///< -g instead of -j.
  std::vector<Option> targetOptions;
  bool operator==(const Rule&) const = default;

  /// The first of this name anywhere before the target; nullptr if there is none.
  const Option* find(std::string_view option) const;
  const Match* findMatch(std::string_view match) const;
  std::string comment() const;  ///< Of -m comment; empty if there is none.
};

/// Of RuleText::text. Errors: quotes that do not close, -j without a name.
Result<Rule> parseRule(std::string_view text);
/// The words of a rule, quotes and backslashes taken away.
Result<std::vector<std::string>> words(std::string_view text);
/// As iptables-save spells it.
std::string render(const Rule& rule);

/// What a repetition of the rule behind the first changes.
enum class Repetition {
  kNothing,    ///< The first has decided already, or has no effect: it may go.
  kSomething,  ///< Counts, draws lots, marks, logs: it must stay.
};
/// Judged by the words of matches and target; what is unknown changes something. `chain` is true if
/// the target is a chain of the table: it has been passed already, and its owner wrote it to be
/// passed once. Of the rule alone: what stands between it and the first matters too where
/// readsWhatRulesWrite() (core/iptables/superfluous.h looks at whole chains).
Repetition repetition(const Rule& rule, bool chain);
/// Its matches ask for what rules before it may have changed: marks, sets, TOS ...
bool readsWhatRulesWrite(const Rule& rule);
/// The packet may go on behind it with another mark and the like.
bool changesWhatRulesRead(const Rule& rule, bool chain);

}  // namespace hitless::iptables

#include "core/iptables/dump.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace hitless::iptables {

const Chain* Table::find(std::string_view chain) const {
  const auto found = std::find_if(chains.begin(), chains.end(),
                                  [&](const Chain& candidate) { return candidate.name == chain; });
  return found == chains.end() ? nullptr : &*found;
}

const Table* Dump::find(std::string_view table) const {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& candidate) { return candidate.name == table; });
  return found == tables.end() ? nullptr : &*found;
}

namespace {

constexpr std::string_view kHooks[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

bool isBlank(char c) {
  return c == ' ' || c == '\t';
}

/// The first word, which is taken away with the blanks behind it.
std::string_view takeWord(std::string_view& rest) {
  const auto end = std::find_if(rest.begin(), rest.end(), isBlank);
  const std::string_view word(rest.data(), static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(word.size());
  while (!rest.empty() && isBlank(rest.front())) {
    rest.remove_prefix(1);
  }
  return word;
}

/// "[12:3400]"
std::optional<Counters> bracketed(std::string_view word) {
  if (word.size() < 5 || word.front() != '[' || word.back() != ']') {
    return std::nullopt;
  }
  const auto colon = word.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto packets = parseUint(word.substr(1, colon - 1));
  const auto bytes = parseUint(word.substr(colon + 1, word.size() - colon - 2));
  if (!packets || !bytes) {
    return std::nullopt;
  }
  return Counters{*packets, *bytes};
}

class Parser {
 public:
  explicit Parser(std::string& text)
      : text_(text), countersInside_(text.find("-c ") != std::string::npos) {}

  Result<std::vector<Table>> parse() {
    for (std::size_t at = 0; at < text_.size();) {
      const auto end = std::min(text_.find('\n', at), text_.size());
      ++line_;
      TRY_VOID(readLine(lineBetween(at, end)));
      at = end + 1;
    }
    if (open_) {
      return error("the dump ends inside table " + std::string(tables_.back().name),
                   "it was cut off; end it with a line COMMIT to read what there is");
    }
    return std::move(tables_);
  }

 private:
  tl::unexpected<Error> error(const std::string& message, std::string hint = {}) const {
    return invalid("line " + std::to_string(line_) + ": " + message, std::move(hint));
  }

  std::string_view lineBetween(std::size_t begin, std::size_t end) const {
    while (end > begin && (isBlank(text_[end - 1]) || text_[end - 1] == '\r')) {
      --end;
    }
    while (begin < end && isBlank(text_[begin])) {
      ++begin;
    }
    return std::string_view(text_).substr(begin, end - begin);
  }

  Status readLine(std::string_view line) {
    if (line.empty()) {
      return {};
    }
    switch (line.front()) {
      case '#':
        return readComment(line.substr(1));
      case '*':
        return openTable(trim(line.substr(1)));
      case ':':
        return open_ ? readChain(line.substr(1)) : outside(line);
      default:
        break;
    }
    if (line == "COMMIT") {
      if (!open_) {
        return outside(line);
      }
      open_ = false;
      return {};
    }
    return open_ ? readCommand(line) : outside(line);
  }

  Status outside(std::string_view line) const {
    return error("\"" + std::string(line.substr(0, 40)) + "\" stands in no table",
                 "a dump is what iptables-save prints, with lines like *filter and COMMIT");
  }

  Status readComment(std::string_view rest) {
    while (!rest.empty() && isBlank(rest.front())) {
      rest.remove_prefix(1);
    }
    if (!open_ || takeWord(rest) != "unread") {
      return {};
    }
    const std::string_view name = takeWord(rest);
    const auto count = parseUint(rest);
    if (!name.empty() && count) {
      chain(name).unread = *count;
    }
    return {};
  }

  Status openTable(std::string_view name) {
    if (open_) {
      return error("table " + std::string(name) + " begins inside table " +
                   std::string(tables_.back().name) + ", which lacks COMMIT");
    }
    if (name.empty()) {
      return error("a table without a name");
    }
    const bool twice = std::any_of(tables_.begin(), tables_.end(),
                                   [&](const Table& table) { return table.name == name; });
    if (twice) {
      return error("table " + std::string(name) + " comes a second time",
                   "look at each back-end's and each address family's dump by itself");
    }
    tables_.push_back({name, {}});
    byName_.clear();
    last_ = 0;
    open_ = true;
    return {};
  }

  /// The chain of this name in the open table, made if need be. Rules of a chain stand together
  /// mostly, so the last one comes first.
  Chain& chain(std::string_view name) {
    std::vector<Chain>& chains = tables_.back().chains;
    if (last_ < chains.size() && chains[last_].name == name) {
      return chains[last_];
    }
    const auto [found, isNew] = byName_.try_emplace(name, chains.size());
    last_ = found->second;
    if (isNew) {
      const bool hook = std::find(std::begin(kHooks), std::end(kHooks), name) != std::end(kHooks);
      chains.push_back({name, hook ? std::string_view("ACCEPT") : std::string_view(), {}, {}, 0});
    }
    return chains[last_];
  }

  /// ":INPUT ACCEPT [12:3400]"
  Status readChain(std::string_view rest) {
    const std::string_view name = takeWord(rest);
    const std::string_view policy = takeWord(rest);
    if (name.empty() || policy.empty()) {
      return error("a chain is declared without a name or a policy");
    }
    return declare(name, policy == "-" ? std::string_view() : policy, takeWord(rest));
  }

  Status declare(std::string_view name, std::string_view policy, std::string_view counters) {
    Chain& declared = chain(name);
    declared.policy = policy;
    if (!counters.empty()) {
      const auto read = bracketed(counters);
      if (!read) {
        return error("\"" + std::string(counters) + "\" are no counters");
      }
      declared.counters = *read;
    }
    return {};
  }

  Status readCommand(std::string_view line) {
    Counters counters;
    if (line.front() == '[') {
      const std::string_view word = takeWord(line);
      const auto read = bracketed(word);
      if (!read) {
        return error("\"" + std::string(word.substr(0, 40)) + "\" are no counters");
      }
      counters = *read;
    }
    const std::string_view command = takeWord(line);
    const std::string_view name = takeWord(line);
    if ((command != "-A" && command != "-N" && command != "-P") || name.empty()) {
      return error("\"" + std::string(command.substr(0, 40)) + "\" is no line of iptables-save");
    }
    if (command == "-A") {
      Chain& to = chain(name);
      if (countersInside_) {
        line = withoutCounters(line, counters);
      }
      to.rules.push_back({line, counters, line_});
      return {};
    }
    return declare(name, command == "-P" ? takeWord(line) : std::string_view(), {});
  }

  /// `iptables -S -v` writes "-c PACKETS BYTES" before the target. What stands behind is moved over
  /// it, so that the rule stays one view.
  std::string_view withoutCounters(std::string_view rule, Counters& counters) {
    bool quoted = false;
    for (std::size_t at = 0; at + 3 < rule.size(); ++at) {
      if (rule[at] == '\\' && quoted) {
        ++at;
      } else if (rule[at] == '"') {
        quoted = !quoted;
      } else if (!quoted && (at == 0 || isBlank(rule[at - 1])) &&
                 rule.substr(at).starts_with("-c ")) {
        return cutCounters(rule, at, counters);
      }
    }
    return rule;
  }

  std::string_view cutCounters(std::string_view rule, std::size_t at, Counters& counters) {
    std::string_view rest = rule.substr(at + 3);
    const auto packets = parseUint(takeWord(rest));
    const auto bytes = parseUint(takeWord(rest));
    if (!packets || !bytes) {
      return rule;
    }
    counters = {*packets, *bytes};
    const auto begin = static_cast<std::size_t>(rule.data() - text_.data());
    std::memmove(text_.data() + begin + at, rest.data(), rest.size());
    std::string_view left(text_.data() + begin, at + rest.size());
    while (!left.empty() && isBlank(left.back())) {
      left.remove_suffix(1);
    }
    return left;
  }

  std::string& text_;
  bool countersInside_;
  std::uint32_t line_ = 0;
  bool open_ = false;
  std::vector<Table> tables_;
  std::unordered_map<std::string_view, std::size_t> byName_;  ///< Chains of the open table.
  std::size_t last_ = 0;
};

}  // namespace

Result<Dump> parseDump(std::string text) {
  const auto kept = std::make_shared<std::string>(std::move(text));
  std::vector<Table> tables = TRY(Parser(*kept).parse());
  return Dump{kept, std::move(tables)};
}

}  // namespace hitless::iptables

#include "core/iptables/dump.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "core/iptables/counters.h"

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
        line = takeCounters(text_, line, counters);
      }
      to.rules.push_back({line, counters, line_});
      return {};
    }
    return declare(name, command == "-P" ? takeWord(line) : std::string_view(), {});
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

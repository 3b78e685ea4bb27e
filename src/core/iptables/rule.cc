#include "core/iptables/rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/iptables/words.h"

namespace hitless::iptables {

const Option* Rule::find(std::string_view option) const {
  const auto named = [&](const Option& candidate) { return candidate.name == option; };
  const auto first = std::find_if(own.begin(), own.end(), named);
  if (first != own.end()) {
    return &*first;
  }
  for (const Match& match : matches) {
    const auto found = std::find_if(match.options.begin(), match.options.end(), named);
    if (found != match.options.end()) {
      return &*found;
    }
  }
  return nullptr;
}

const Match* Rule::findMatch(std::string_view match) const {
  const auto found = std::find_if(matches.begin(), matches.end(),
                                  [&](const Match& candidate) { return candidate.name == match; });
  return found == matches.end() ? nullptr : &*found;
}

std::string Rule::comment() const {
  const Match* match = findMatch("comment");
  if (match == nullptr) {
    return {};
  }
  for (const Option& option : match->options) {
    if (option.name == "--comment" && !option.values.empty()) {
      return option.values.front();
    }
  }
  return {};
}

namespace {

/// What iptables itself knows, in its short spelling.
constexpr std::array<std::array<std::string_view, 3>, 6> kOwn = {{
    {"-s", "--source", "--src"},
    {"-d", "--destination", "--dst"},
    {"-i", "--in-interface", ""},
    {"-o", "--out-interface", ""},
    {"-p", "--protocol", "--proto"},
    {"-f", "--fragment", "--fragments"},
}};

std::string_view ownName(std::string_view word) {
  for (const auto& names : kOwn) {
    if (!word.empty() && std::find(names.begin(), names.end(), word) != names.end()) {
      return names[0];
    }
  }
  return {};
}

/// Of the match that -p brings without -m.
bool ofProtocol(std::string_view option) {
  constexpr std::array<std::string_view, 11> kOptions = {
      "--sport",      "--dport",     "--source-port", "--destination-port", "--tcp-flags", "--syn",
      "--tcp-option", "--icmp-type", "--icmpv6-type", "--chunk-types",      "--dccp-types"};
  return std::find(kOptions.begin(), kOptions.end(), option) != kOptions.end();
}

bool isProtocolMatch(std::string_view match) {
  constexpr std::array<std::string_view, 9> kMatches = {
      "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "ipv6-icmp"};
  return std::find(kMatches.begin(), kMatches.end(), match) != kMatches.end();
}

class RuleParser {
 public:
  explicit RuleParser(std::vector<Word> words) : words_(std::move(words)) {}

  Result<Rule> parse() {
    while (at_ < words_.size()) {
      const bool negated = isBang(at_) && at_ + 1 < words_.size() && isOption(at_ + 1);
      at_ += negated ? 1 : 0;
      TRY_VOID(readOption(negated));
    }
    return std::move(rule_);
  }

 private:
  bool isBang(std::size_t at) const { return words_[at].text == "!" && !words_[at].quoted; }

  /// "-j", "--dport", but not "-1" or "-".
  bool isOption(std::size_t at) const {
    const Word& word = words_[at];
    return !word.quoted && word.text.size() > 1 && word.text[0] == '-' &&
           !(word.text[1] >= '0' && word.text[1] <= '9');
  }

  Status readOption(bool negated) {
    const std::string word = words_[at_].text;
    if (word == "-j" || word == "--jump" || word == "-g" || word == "--goto") {
      return readTarget(word == "-g" || word == "--goto");
    }
    if (word == "-m" || word == "--match") {
      ++at_;
      if (at_ == words_.size()) {
        return invalid("-m without the name of a match");
      }
      rule_.matches.push_back({words_[at_++].text, {}});
      inTarget_ = false;
      return {};
    }
    if (!isOption(at_)) {
      return invalid("a rule with \"" + word + "\" where an option belongs");
    }
    Option option{word, {}, negated};
    const std::string_view own = ownName(word);
    ++at_;
    readValues(option);
    if (!own.empty()) {
      option.name = own;
      rule_.own.push_back(std::move(option));
      return {};
    }
    place(word).push_back(std::move(option));
    return {};
  }

  Status readTarget(bool goes) {
    ++at_;
    if (at_ == words_.size() || isOption(at_) || words_[at_].text.empty()) {
      return invalid(std::string(goes ? "-g" : "-j") + " without a name");
    }
    if (!rule_.target.empty()) {
      return invalid("a rule with two targets, " + rule_.target + " and " + words_[at_].text);
    }
    rule_.target = words_[at_++].text;
    rule_.goes = goes;
    inTarget_ = true;
    return {};
  }

  void readValues(Option& option) {
    if (takesText(option.name)) {
      if (at_ < words_.size() && isBang(at_) && at_ + 1 < words_.size() && !isOption(at_ + 1)) {
        option.negated = true;
        ++at_;
      }
      if (at_ < words_.size()) {
        option.values.push_back(words_[at_++].text);
      }
    }
    for (; at_ < words_.size() && !isOption(at_); ++at_) {
      if (!isBang(at_)) {
        option.values.push_back(words_[at_].text);
      } else if (at_ + 1 < words_.size() && isOption(at_ + 1)) {
        return;
      } else {
        option.negated = true;  // "-s ! 10.0.0.0/8", as it was spelt before iptables 1.4.3.
      }
    }
  }

  /// Where an option that iptables itself does not know belongs.
  std::vector<Option>& place(std::string_view option) {
    if (inTarget_) {
      return rule_.targetOptions;
    }
    const bool foreign = rule_.matches.empty() ||
                         (ofProtocol(option) && !isProtocolMatch(rule_.matches.back().name) &&
                          rule_.matches.back().name != "multiport");
    if (foreign) {
      const Option* protocol = rule_.find("-p");
      const bool named = protocol != nullptr && !protocol->values.empty();
      rule_.matches.push_back({named ? protocol->values.front() : std::string(), {}});
    }
    return rule_.matches.back().options;
  }

  std::vector<Word> words_;
  std::size_t at_ = 0;
  bool inTarget_ = false;
  Rule rule_;
};

/// True of a word that would be read as something else without quotes.
bool needsQuotes(std::string_view word) {
  const bool option = word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
  return word.empty() || word == "!" || option ||
         word.find_first_of(" \t\r\n\"\\") != std::string_view::npos;
}

std::string savedWord(std::string_view word) {
  return needsQuotes(word) ? savedText(word) : std::string(word);
}

std::string savedValue(std::string_view option, std::string_view value) {
  if (option == "--string" || option == "--hex-string") {
    std::string text = savedText(value);
    return text.front() == '"' ? text : '"' + text + '"';  // xt_string always quotes.
  }
  return takesText(option) ? savedText(value) : savedWord(value);
}

void append(std::string& out, const Option& option) {
  if (option.negated) {
    out += " !";
  }
  out += ' ' + option.name;
  for (const std::string& value : option.values) {
    out += ' ' + savedValue(option.name, value);
  }
}

}  // namespace

Result<Rule> parseRule(std::string_view text) {
  return RuleParser(TRY(splitWords(text))).parse();
}

std::string render(const Rule& rule) {
  std::string out;
  for (const Option& option : rule.own) {
    append(out, option);
  }
  for (const Match& match : rule.matches) {
    if (!match.name.empty()) {
      out += " -m " + savedWord(match.name);
    }
    for (const Option& option : match.options) {
      append(out, option);
    }
  }
  if (!rule.target.empty()) {
    out += (rule.goes ? " -g " : " -j ") + savedWord(rule.target);
  }
  for (const Option& option : rule.targetOptions) {
    append(out, option);
  }
  return out.empty() ? out : out.substr(1);
}

}  // namespace hitless::iptables

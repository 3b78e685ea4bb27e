#include "core/iptables/words.h"

#include <algorithm>

#include "core/iptables/rule.h"

namespace hitless::iptables {

namespace {

constexpr std::string_view kTextOptions[] = {
    "--comment",      "--log-prefix",     "--nflog-prefix", "--ulog-prefix", "--string",
    "--hex-string",   "--name",           "--name-audit",   "--cgroup",      "--path",
    "--bytecode",     "--hashlimit-name", "--label",        "--selctx",      "--helper",
    "--idletimer-id", "--led-trigger-id", "--timeout",      "--quota-name",  "--u32",
    "--object-pinned"};

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

class Splitter {
 public:
  Result<std::vector<Word>> split(std::string_view text) {
    for (const char c : text) {
      if (quoteOpen_) {
        readQuoted(c);
      } else {
        readPlain(c);
      }
    }
    if (quoteOpen_) {
      return invalid("a quote in a rule does not close");
    }
    end();
    return std::move(words_);
  }

 private:
  void readQuoted(char c) {
    if (escaped_) {
      word_.text += c;
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      quoteOpen_ = false;
      end();
    } else {
      word_.text += c;
    }
  }

  void readPlain(char c) {
    if (c == '"') {
      quoteOpen_ = true;
      word_.quoted = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      end();
    } else {
      word_.text += c;
    }
  }

  void end() {
    if (!word_.text.empty() || word_.quoted) {
      words_.push_back(std::move(word_));
      word_ = {};
    }
  }

  std::vector<Word> words_;
  Word word_;
  bool quoteOpen_ = false;
  bool escaped_ = false;
};

}  // namespace

Result<std::vector<Word>> splitWords(std::string_view text) {
  return Splitter().split(text);
}

Result<std::vector<std::string>> words(std::string_view text) {
  std::vector<Word> split = TRY(splitWords(text));
  std::vector<std::string> out;
  out.reserve(split.size());
  for (Word& word : split) {
    out.push_back(std::move(word.text));
  }
  return out;
}

std::string savedText(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

bool takesText(std::string_view option) {
  return std::find(std::begin(kTextOptions), std::end(kTextOptions), option) !=
         std::end(kTextOptions);
}

}  // namespace hitless::iptables

#include "core/kube/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace hitless::kube {
namespace {

bool isLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// What readers of one YAML or the other take for a boolean or for null, in any case.
bool isWord(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"y",    "n",     "yes", "no",  "on",
                                                      "true", "false", "off", "null"};
  return std::find(kWords.begin(), kWords.end(), toLower(text)) != kWords.end();
}

/// "10m", "1.5Gi", "5s": digits that nobody takes for a number because of the unit behind them.
bool isQuantity(std::string_view text) {
  constexpr std::array<std::string_view, 9> kUnits = {"m",  "s",  "h",  "k", "Ki",
                                                      "Mi", "Gi", "Ti", "ms"};
  const std::size_t digits = text.find_first_not_of("0123456789.");
  return digits != std::string_view::npos && digits > 0 && isDigit(text.front()) &&
         isDigit(text[digits - 1]) &&
         std::find(kUnits.begin(), kUnits.end(), text.substr(digits)) != kUnits.end();
}

/// Whether a string may stand without quotes.
bool isPlain(std::string_view text) {
  if (text.empty() || isWord(text) || text.back() == ':' || text.back() == ' ') {
    return false;
  }
  const bool begins = isLetter(text.front()) || text.front() == '/' || isQuantity(text);
  return begins && text.find(": ") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return isLetter(c) || isDigit(c) ||
                  std::string_view("_-./:+=@%() ").find(c) != std::string_view::npos;
         });
}

/// Whether a string may be a literal block: lines that begin with something, of visible characters.
bool isBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') {
    return false;
  }
  char previous = 0;
  for (const char c : text) {
    const bool trailing = c == '\n' && (previous == ' ' || previous == '\t');
    if (trailing || c == 0x7f || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ||
        static_cast<unsigned char>(c) >= 0x80) {
      return false;
    }
    previous = c;
  }
  return previous != ' ' && previous != '\t';
}

std::string numberText(double value) {
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// Of a value that stands on one line; JSON's strings are YAML's, too.
std::string inlineText(const json::value& value) {
  if (const auto* string = value.if_string()) {
    const std::string_view text(*string);
    return isPlain(text) ? std::string(text) : json::serialize(*string);
  }
  return value.is_double() ? numberText(value.get_double()) : json::serialize(value);
}

class Writer {
 public:
  std::string write(const json::value& value) {
    if (isNested(value)) {
      lines(value, 0);
    } else {
      line(0, inlineText(value));
    }
    return std::move(out_);
  }

 private:
  static bool isNested(const json::value& value) {
    return (value.is_object() && !value.get_object().empty()) ||
           (value.is_array() && !value.get_array().empty());
  }

  void line(std::size_t indent, std::string_view text) {
    out_.append(indent, ' ');
    out_.append(text);
    out_ += '\n';
  }

  void lines(const json::value& value, std::size_t indent) {
    if (const auto* object = value.if_object()) {
      for (const auto& [key, item] : *object) {
        entry(indent, inlineText(json::value(key)) + ":", item,
              item.is_object() ? indent + 2 : indent);
      }
    } else {
      for (const json::value& item : value.get_array()) {
        element(item, indent);
      }
    }
  }

  /// "key: value", or "key:" with the value below.
  void entry(std::size_t indent, const std::string& key, const json::value& item,
             std::size_t below) {
    if (isNested(item)) {
      line(indent, key);
      lines(item, below);
    } else if (item.is_string() && isBlock(item.get_string())) {
      block(indent, key, item.get_string());
    } else {
      line(indent, key + " " + inlineText(item));
    }
  }

  /// "- " and the value, whose first line stands beside the dash.
  void element(const json::value& item, std::size_t indent) {
    if (!isNested(item)) {
      entry(indent, "-", item, indent);
      return;
    }
    const std::size_t begin = out_.size();
    lines(item, indent + 2);
    out_[begin + indent] = '-';
  }

  void block(std::size_t indent, const std::string& key, std::string_view text) {
    const bool ends = text.back() == '\n';
    const bool more = text.ends_with("\n\n");
    line(indent, key + (more ? " |+" : ends ? " |" : " |-"));
    if (ends) {
      text.remove_suffix(1);
    }
    for (const std::string_view part : split(text, '\n')) {
      line(part.empty() ? 0 : indent + 2, part);
    }
  }

  std::string out_;
};

}  // namespace

std::string yamlText(const json::value& value) {
  return Writer().write(value);
}

}  // namespace hitless::kube

#include "core/kube/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.h"

namespace hitless::kube {
namespace {

constexpr std::size_t kMaxNodes = 1'000'000;
constexpr int kMaxDepth = 64;

std::optional<bool> boolean11(std::string_view text) {
  constexpr std::array kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                             "True", "TRUE", "on",  "On",  "ON"};
  constexpr std::array kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                              "False", "FALSE", "off", "Off", "OFF"};
  for (const std::string_view word : kTrue) {
    // go-yaml, which kubectl uses, leaves the single letters strings.
    if (word.size() > 1 && text == word) {
      return true;
    }
  }
  for (const std::string_view word : kFalse) {
    if (word.size() > 1 && text == word) {
      return false;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> integer11(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) {
    base = text[1] == 'x' ? 16 : (text[1] == 'o' ? 8 : 2);
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > kMax) {
    return std::nullopt;
  }
  const auto number = static_cast<std::int64_t>(value);
  return negative ? -number : number;
}

std::optional<double> float11(std::string_view text) {
  if (text.find_first_of("0123456789") == std::string_view::npos ||
      text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
    return std::nullopt;
  }
  if (text.front() == '+') {
    text.remove_prefix(1);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

json::value scalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  // yaml-cpp tags quoted and block scalars "!", plain ones "?".
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") {
    return json::value(text);
  }
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (const auto flag = boolean11(text)) {
    return *flag;
  }
  if (const auto number = integer11(text)) {
    return *number;
  }
  if (const auto number = float11(text)) {
    return *number;
  }
  return json::value(text);
}

class Converter {
 public:
  explicit Converter(std::string_view file) : file_(file) {}

  Result<json::value> convert(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      return broken(node, "too large or too deeply nested");
    }
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return mapOf(node, depth);
      case YAML::NodeType::Sequence:
        return sequenceOf(node, depth);
      case YAML::NodeType::Scalar:
        return scalarOf(node);
      default:
        return json::value(nullptr);
    }
  }

 private:
  Result<json::value> mapOf(const YAML::Node& node, int depth) {
    json::object out;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        return broken(entry.first, "a mapping key is not a scalar");
      }
      const std::string& key = entry.first.Scalar();
      if (out.contains(key)) {
        return broken(entry.first, fmt::format("key \"{}\" is set twice", key));
      }
      out.emplace(key, TRY(convert(entry.second, depth + 1)));
    }
    return json::value(std::move(out));
  }

  Result<json::value> sequenceOf(const YAML::Node& node, int depth) {
    json::array out;
    for (const auto& entry : node) {
      out.push_back(TRY(convert(entry, depth + 1)));
    }
    return json::value(std::move(out));
  }

  tl::unexpected<Error> broken(const YAML::Node& node, std::string why) const {
    Error error{ErrorKind::kInvalid, std::move(why), {}, {}, 0};
    return tl::unexpected<Error>(
        std::move(error).about(fmt::format("{}:{}", file_, node.Mark().line + 1)));
  }

  std::string_view file_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<std::vector<YamlDocument>> parseYaml(std::string_view text, std::string_view file) {
  std::vector<YAML::Node> nodes;
  try {
    nodes = YAML::LoadAll(std::string(text));
  } catch (const YAML::Exception& exception) {
    Error error{ErrorKind::kInvalid, exception.msg, {}, {}, 0};
    return tl::unexpected<Error>(std::move(error).about(
        fmt::format("{}:{}:{}", file, exception.mark.line + 1, exception.mark.column + 1)));
  }
  std::vector<YamlDocument> documents;
  Converter converter(file);
  for (const YAML::Node& node : nodes) {
    if (node.IsDefined() && !node.IsNull()) {
      documents.push_back({TRY(converter.convert(node, 0)), node.Mark().line + 1});
    }
  }
  return documents;
}

}  // namespace hitless::kube

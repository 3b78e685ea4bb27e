#include "core/kube/selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/names.h"

namespace hitless::kube {
namespace {

enum class TokenType { kEnd, kIdentifier, kOperator, kBang, kComma, kOpen, kClose };

struct Token {
  TokenType type = TokenType::kEnd;
  std::string_view text;
};

/// Splits a selector into tokens. Blanks separate; words and symbols are the longest that fit.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  Token next() {
    rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    if (rest_.empty()) {
      return {};
    }
    if (kSymbols.find(rest_[0]) == std::string_view::npos) {
      return {TokenType::kIdentifier, take(rest_.find_first_of(" \t\r\n=!(),<>"))};
    }
    return symbol();
  }

 private:
  static constexpr std::string_view kSymbols = "=!(),<>";

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  Token symbol() {
    const std::string_view two = rest_.substr(0, 2);
    if (two == "!=" || two == "==") {
      return {TokenType::kOperator, take(2)};
    }
    switch (rest_[0]) {
      case '!':
        return {TokenType::kBang, take(1)};
      case ',':
        return {TokenType::kComma, take(1)};
      case '(':
        return {TokenType::kOpen, take(1)};
      case ')':
        return {TokenType::kClose, take(1)};
      default:
        return {TokenType::kOperator, take(1)};
    }
  }

  std::string_view rest_;
};

struct OperatorName {
  std::string_view text;
  Operator op;
};
constexpr OperatorName kOperators[] = {
    {"=", Operator::kEquals},  {"==", Operator::kEquals},   {"!=", Operator::kNotEquals},
    {"in", Operator::kIn},     {"notin", Operator::kNotIn}, {"<", Operator::kLess},
    {">", Operator::kGreater},
};

/// Recursive descent over the grammar of apimachinery's label selectors, with its error texts.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> out;
    while (token_.type != TokenType::kEnd) {
      if (!atRequirement()) {
        return invalid(
            fmt::format("found '{}', expected: !, identifier, or 'end of string'", token_.text));
      }
      auto requirement = parseRequirement();
      if (!requirement) {
        return invalid("unable to parse requirement: " + requirement.error().message);
      }
      out.push_back(std::move(*requirement));
      const Token separator = consume();
      if (separator.type == TokenType::kEnd) {
        break;
      }
      if (separator.type != TokenType::kComma) {
        return invalid(fmt::format("found '{}', expected: ',' or 'end of string'", separator.text));
      }
      if (!atRequirement()) {
        return invalid(fmt::format("found '{}', expected: identifier after ','", token_.text));
      }
    }
    return out;
  }

 private:
  bool atRequirement() const {
    return token_.type == TokenType::kIdentifier || token_.type == TokenType::kBang;
  }
  bool atTermEnd() const {
    return token_.type == TokenType::kEnd || token_.type == TokenType::kComma;
  }

  Token consume() {
    const Token token = token_;
    token_ = lexer_.next();
    return token;
  }

  Result<Requirement> parseRequirement() {
    Requirement out;
    const bool negated = token_.type == TokenType::kBang;
    if (negated) {
      consume();
    }
    const Token key = consume();
    if (key.type != TokenType::kIdentifier) {
      return invalid(fmt::format("found '{}', expected: identifier", key.text));
    }
    out.key = std::string(key.text);
    if (const auto error = qualifiedNameError(out.key)) {
      return invalid(fmt::format("key: Invalid value: \"{}\": {}", out.key, *error));
    }
    if (negated || atTermEnd()) {
      out.op = negated ? Operator::kDoesNotExist : Operator::kExists;
      return out;
    }
    out.op = TRY(parseOperator());
    const bool set = out.op == Operator::kIn || out.op == Operator::kNotIn;
    out.values = set ? TRY(parseValues()) : TRY(parseExactValue());
    TRY_VOID(checkValues(out));
    return out;
  }

  Result<Operator> parseOperator() {
    const Token token = consume();
    for (const OperatorName& name : kOperators) {
      if (name.text == token.text) {
        return name.op;
      }
    }
    return invalid(fmt::format("found '{}', expected: '=', '!=', '==', 'in', notin'", token.text));
  }

  Result<std::vector<std::string>> parseExactValue() {
    if (atTermEnd()) {
      return std::vector<std::string>{""};
    }
    const Token value = consume();
    if (value.type != TokenType::kIdentifier) {
      return invalid(fmt::format("found '{}', expected: identifier", value.text));
    }
    return std::vector<std::string>{std::string(value.text)};
  }

  Result<std::vector<std::string>> parseValues() {
    if (const Token open = consume(); open.type != TokenType::kOpen) {
      return invalid(fmt::format("found '{}' expected: '('", open.text));
    }
    std::vector<std::string> values;
    // An empty place between commas or parentheses is the empty value.
    for (;;) {
      std::string value;
      if (token_.type == TokenType::kIdentifier) {
        value = std::string(consume().text);
      }
      if (std::find(values.begin(), values.end(), value) == values.end()) {
        values.push_back(std::move(value));
      }
      const Token after = consume();
      if (after.type == TokenType::kClose) {
        std::sort(values.begin(), values.end());
        return values;
      }
      if (after.type != TokenType::kComma) {
        return invalid(fmt::format("found '{}', expected: ',' or ')'", after.text));
      }
    }
  }

  static Status checkValues(const Requirement& requirement) {
    const bool numeric = requirement.op == Operator::kGreater || requirement.op == Operator::kLess;
    for (std::size_t i = 0; i < requirement.values.size(); ++i) {
      const std::string& value = requirement.values[i];
      if (numeric && !parseInt(value)) {
        return invalid(
            fmt::format("values[{}]: Invalid value: \"{}\": for 'Gt', 'Lt' operators, "
                        "the value must be an integer",
                        i, value));
      }
      if (const auto error = labelValueError(value)) {
        return invalid(fmt::format("values[{}][{}]: Invalid value: \"{}\": {}", i, requirement.key,
                                   value, *error));
      }
    }
    return {};
  }

  Lexer lexer_;
  Token token_;
};

std::optional<Operator> operatorOf(std::string_view name) {
  if (name == "In") {
    return Operator::kIn;
  }
  if (name == "NotIn") {
    return Operator::kNotIn;
  }
  if (name == "Exists") {
    return Operator::kExists;
  }
  return name == "DoesNotExist" ? std::optional(Operator::kDoesNotExist) : std::nullopt;
}

}  // namespace

bool Requirement::matches(const Labels& labels) const {
  const auto it = labels.find(key);
  const bool present = it != labels.end();
  const bool listed =
      present && std::find(values.begin(), values.end(), it->second) != values.end();
  switch (op) {
    case Operator::kEquals:
    case Operator::kIn:
      return listed;
    case Operator::kNotEquals:
    case Operator::kNotIn:
      return !listed;
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
    case Operator::kGreater:
    case Operator::kLess:
      break;
  }
  if (!present || values.empty()) {
    return false;
  }
  const auto bound = parseInt(values.front());
  const auto actual = parseInt(it->second);
  if (!bound || !actual) {
    return false;
  }
  return op == Operator::kGreater ? *actual > *bound : *actual < *bound;
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  for (const auto& [key, value] : selector.matchLabels) {
    const auto it = labels.find(key);
    if (it == labels.end() || it->second != value) {
      return false;
    }
  }
  return std::all_of(
      selector.matchExpressions.begin(), selector.matchExpressions.end(),
      [&](const auto& expression) {
        const auto op = operatorOf(expression.op);
        return op && Requirement{expression.key, *op, expression.values}.matches(labels);
      });
}

bool matches(const std::vector<Requirement>& requirements, const Labels& labels) {
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const Requirement& requirement) { return requirement.matches(labels); });
}

Result<std::vector<Requirement>> parseLabelSelector(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace hitless::kube

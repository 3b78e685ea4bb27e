#include "core/kube/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace hitless::kube {
namespace {

bool isLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLetter(char c) {
  return isLower(c) || (c >= 'A' && c <= 'Z');
}
bool isLowerAlnum(char c) {
  return isLower(c) || isDigit(c);
}
bool isAlnum(char c) {
  return isLetter(c) || isDigit(c);
}

template <class Inside, class Edge>
bool made(std::string_view text, Inside inside, Edge edge) {
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(), inside);
}

bool isDnsLabel(std::string_view text) {
  return made(
      text, [](char c) { return isLowerAlnum(c) || c == '-'; }, isLowerAlnum);
}

bool isName(std::string_view text) {
  const auto inside = [](char c) { return isAlnum(c) || c == '-' || c == '_' || c == '.'; };
  return made(text, inside, isAlnum);
}

std::string tooLong(std::size_t limit) {
  return fmt::format("must be no more than {} characters", limit);
}

constexpr std::string_view kDnsLabelText =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kDns1035Text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kWildcardText =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
    "character (e.g. '*.example.com', regex used for validation is "
    "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kDnsSubdomainText =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kSearchDomainText =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' "
    "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
    "used for validation is "
    "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kNameText =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kLabelValueText =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', "
    " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

}  // namespace

std::optional<std::string> dnsLabelError(std::string_view text) {
  if (text.size() > 63) {
    return tooLong(63);
  }
  return isDnsLabel(text) ? std::nullopt : std::optional<std::string>(kDnsLabelText);
}

std::optional<std::string> dns1035LabelError(std::string_view text) {
  if (text.size() > 63) {
    return tooLong(63);
  }
  return isDnsLabel(text) && isLower(text.front()) ? std::nullopt
                                                   : std::optional<std::string>(kDns1035Text);
}

std::optional<std::string> dnsSubdomainError(std::string_view text) {
  if (text.size() > 253) {
    return tooLong(253);
  }
  for (const std::string_view label : split(text, '.')) {
    if (!isDnsLabel(label)) {
      return std::string(kDnsSubdomainText);
    }
  }
  return std::nullopt;
}

std::optional<std::string> searchDomainError(std::string_view text) {
  if (text.size() > 253) {
    return tooLong(253);
  }
  const auto inside = [](char c) { return isLowerAlnum(c) || c == '-' || c == '_'; };
  for (std::string_view label : split(text, '.')) {
    label.remove_prefix(label.starts_with('_') ? 1 : 0);
    if (!made(label, inside, isLowerAlnum)) {
      return std::string(kSearchDomainText);
    }
  }
  return std::nullopt;
}

std::optional<std::string> wildcardDomainError(std::string_view text) {
  if (!text.starts_with("*.") || dnsSubdomainError(text.substr(2))) {
    return std::string(kWildcardText);
  }
  return std::nullopt;
}

std::optional<std::string> domainPathError(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return "must be a domain-prefixed path (such as \"acme.io/foo\")";
  }
  if (auto error = dnsSubdomainError(text.substr(0, slash))) {
    return error;
  }
  constexpr std::string_view kOthers = "/-._~%!$&'()*+,;=:";
  const std::string_view path = text.substr(slash + 1);
  if (std::all_of(path.begin(), path.end(), [&](char c) {
        return isAlnum(c) || kOthers.find(c) != std::string_view::npos;
      })) {
    return std::nullopt;
  }
  return "Invalid path (e.g. 'foo', regex used for validation is "
         "'[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
}

std::optional<std::string> qualifiedNameError(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  if (parts.size() > 2) {
    return fmt::format(
        "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. "
        "'example.com/MyName')",
        kNameText);
  }
  if (parts.size() == 2) {
    if (parts[0].empty()) {
      return "prefix part must be non-empty";
    }
    if (const auto error = dnsSubdomainError(parts[0])) {
      return "prefix part " + *error;
    }
  }
  const std::string_view name = parts.back();
  if (name.empty()) {
    return "name part must be non-empty";
  }
  if (name.size() > 63) {
    return "name part " + tooLong(63);
  }
  return isName(name) ? std::nullopt : std::optional(fmt::format("name part {}", kNameText));
}

std::optional<std::string> labelValueError(std::string_view text) {
  if (text.size() > 63) {
    return tooLong(63);
  }
  return text.empty() || isName(text) ? std::nullopt : std::optional<std::string>(kLabelValueText);
}

std::optional<std::string> portNameError(std::string_view text) {
  if (text.size() > 15) {
    return tooLong(15);
  }
  if (!std::all_of(text.begin(), text.end(), [](char c) { return isLowerAlnum(c) || c == '-'; })) {
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  }
  if (std::none_of(text.begin(), text.end(), isLower)) {
    return "must contain at least one letter (a-z)";
  }
  if (text.find("--") != std::string_view::npos) {
    return "must not contain consecutive hyphens";
  }
  if (text.front() == '-' || text.back() == '-') {
    return "must not begin or end with a hyphen";
  }
  return std::nullopt;
}

std::optional<std::string> envNameError(std::string_view text) {
  // KEP-4369: any printable ASCII but '='.
  const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), allowed)) {
    return std::nullopt;
  }
  return "a valid environment variable name must consist only of printable ASCII characters other "
         "than '='";
}

std::optional<std::string> dataKeyError(std::string_view text) {
  if (text.size() > 253) {
    return tooLong(253);
  }
  if (text == "." || text == "..") {
    return fmt::format("must not be '{}'", text);
  }
  if (text.substr(0, 2) == "..") {
    return "must not start with '..'";
  }
  const auto allowed = [](char c) { return isAlnum(c) || c == '-' || c == '_' || c == '.'; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), allowed)) {
    return std::nullopt;
  }
  return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
         "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
         "'[-._a-zA-Z0-9]+')";
}

}  // namespace hitless::kube

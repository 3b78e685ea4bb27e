#include "core/node/sources.h"

#include <fmt/format.h>

namespace hitless::node {
namespace {

using kube::json::object;

void addText(const object* data, SourceData& out) {
  if (data == nullptr) {
    return;
  }
  for (const auto& [key, value] : *data) {
    const kube::json::string* text = value.if_string();
    out[key] = text == nullptr ? std::string() : std::string(*text);
  }
}

void addBinary(const object* data, SourceData& out) {
  if (data == nullptr) {
    return;
  }
  for (const auto& [key, value] : *data) {
    const kube::json::string* text = value.if_string();
    out[key] = text == nullptr ? std::string() : decodeBase64(*text).value_or("");
  }
}

/// 0..63, or -1.
int sextet(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool isBlank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

SourceData sourceDataOf(const object& holder, SourceKind kind) {
  SourceData out;
  if (kind == SourceKind::kSecret) {
    addBinary(kube::findObject(holder, {"data"}), out);
  } else {
    addText(kube::findObject(holder, {"data"}), out);
    addBinary(kube::findObject(holder, {"binaryData"}), out);
  }
  return out;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (isBlank(c)) {
      continue;
    }
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = sextet(c);
    if (value < 0 || padding > 0) {
      return std::nullopt;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 1) {
      out.push_back(static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4))));
    }
  }
  const bool whole = (digits + padding) % 4 == 0 && padding <= 2;
  return whole ? std::optional(out) : std::nullopt;
}

std::string describe(const SourceRef& ref) {
  return fmt::format("{} \"{}\"", ref.kind == SourceKind::kSecret ? "secret" : "configmap",
                     ref.name);
}

}  // namespace hitless::node

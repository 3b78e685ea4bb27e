#include "core/dns/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace hitless::dns {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// One character of presentation form from `at` on, which moves past it; nullopt for a bad escape.
std::optional<char> unescape(std::string_view text, std::size_t& at) {
  if (text[at] != '\\') {
    return text[at++];
  }
  if (at + 1 >= text.size()) {
    return std::nullopt;
  }
  if (!isDigit(text[at + 1])) {
    at += 2;
    return text[at - 1];
  }
  if (at + 3 >= text.size() || !isDigit(text[at + 2]) || !isDigit(text[at + 3])) {
    return std::nullopt;
  }
  const int code = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
  at += 4;
  return code > 255 ? std::nullopt : std::optional(static_cast<char>(code));
}

void appendEscaped(std::string& out, char c) {
  if (c == '.' || c == '\\' || c == '"' || c == ';' || c == '(' || c == ')' || c == '@' ||
      c == '$') {
    out += '\\';
    out += c;
  } else if (c <= ' ' || c == '\x7f' || static_cast<unsigned char>(c) > 0x7f) {
    out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return invalid(fmt::format("\"{}\" is no domain name: {}", text, why));
  };
  if (text == "." || text.empty()) {
    return text.empty() ? wrong("it is empty") : Result<Name>(Name{});
  }
  std::string wire;
  std::string label;
  for (std::size_t at = 0; at < text.size();) {
    const bool dot = text[at] == '.';
    if (dot) {
      ++at;
    } else {
      const auto c = unescape(text, at);
      if (!c) {
        return wrong("a backslash needs three digits up to 255, or another character");
      }
      label += lowerAscii(*c);
    }
    if (dot || at == text.size()) {
      if (label.empty()) {
        return wrong("a label is empty");
      }
      if (label.size() > kMaxLabel) {
        return wrong("a label is longer than 63 bytes");
      }
      wire += static_cast<char>(label.size());
      wire += label;
      label.clear();
    }
  }
  if (wire.size() + 1 > kMaxName) {
    return wrong("it is longer than 255 bytes");
  }
  wire += '\0';
  return fromWire(wire);
}

Name Name::fromWire(std::string_view wire) {
  Name name;
  name.wire_.assign(wire);
  std::transform(name.wire_.begin(), name.wire_.end(), name.wire_.begin(), lowerAscii);
  return name;
}

std::string Name::text() const {
  return textOf(wire_);
}

bool Name::within(const Name& zone) const {
  return dns::within(wire_, zone.wire_);
}

Name Name::under(std::string_view label) const {
  if (label.empty() || label.size() > kMaxLabel || wire_.size() + 1 + label.size() > kMaxName) {
    return {};
  }
  std::string wire(1, static_cast<char>(label.size()));
  wire += label;
  wire += wire_;
  return fromWire(wire);
}

std::string textOf(std::string_view wire) {
  if (wire.size() <= 1) {
    return ".";
  }
  std::string out;
  while (wire.size() > 1) {
    for (const char c : firstLabel(wire)) {
      appendEscaped(out, c);
    }
    out += '.';
    wire = parentOf(wire);
  }
  return out;
}

bool within(std::string_view wire, std::string_view zone) {
  if (!wire.ends_with(zone)) {
    return false;
  }
  const std::size_t cut = wire.size() - zone.size();
  std::size_t at = 0;  // The tail's bytes may be equal by chance: it must begin at a label.
  while (at < cut) {
    at += 1 + static_cast<std::uint8_t>(wire[at]);
  }
  return at == cut;
}

}  // namespace hitless::dns

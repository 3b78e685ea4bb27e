#include "core/proxy/escape.h"

#include <cstdint>
#include <cstring>

namespace hitless::proxy {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// Whether one of eight bytes is not plain: each term has the highest bit of such bytes set, and
/// may have it set of a plain one after such a one.
bool anyNotPlain(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto equals = [&](unsigned char c) {
    const std::uint64_t zeros = bytes ^ kOnes * c;
    return (zeros - kOnes) & ~zeros;
  };
  const std::uint64_t control = (bytes - kOnes * 0x20) & ~bytes;
  return ((bytes | control | equals('"') | equals('\\') | equals(0x7f)) & kOnes * 0x80) != 0;
}

/// How many bytes at the beginning are plain. Nearly all text is, so eight are looked at at once.
std::size_t plainRun(std::string_view text) {
  std::size_t run = 0;
  for (std::uint64_t bytes = 0; run + sizeof bytes <= text.size(); run += sizeof bytes) {
    std::memcpy(&bytes, text.data() + run, sizeof bytes);
    if (anyNotPlain(bytes)) {
      break;
    }
  }
  while (run < text.size() && plain(static_cast<unsigned char>(text[run]))) {
    ++run;
  }
  return run;
}

/// How many bytes of a well-formed UTF-8 sequence `text` begins with; 0: it does not.
std::size_t sequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) {
    return 0;
  }
  // Overlong forms, surrogates and what is above U+10FFFF show in the second byte.
  const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return length;
}

void appendJsonAscii(std::string& out, unsigned char c) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else if (c < 0x20 || c == 0x7f) {
    out += "\\u00";
    out += kHex[c >> 4];
    out += kHex[c & 15];
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

void appendEscaped(std::string& out, std::string_view text) {
  while (true) {
    const std::size_t run = plainRun(text);
    out.append(text.substr(0, run));
    if (run == text.size()) {
      return;
    }
    const auto c = static_cast<unsigned char>(text[run]);
    text.remove_prefix(run + 1);
    out += '\\';
    if (c == '"' || c == '\\') {
      out += static_cast<char>(c);
    } else {
      out += 'x';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
}

void appendJson(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t run = plainRun(text);
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) {
      break;
    }
    const std::size_t length = sequenceLength(text);
    if (length == 1) {
      appendJsonAscii(out, static_cast<unsigned char>(text.front()));
    } else {
      out.append(length == 0 ? kReplacement : text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

std::string validUtf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequenceLength(text);
    out.append(length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace hitless::proxy

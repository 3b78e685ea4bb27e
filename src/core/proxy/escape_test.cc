#include "core/proxy/escape.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>

namespace hitless::proxy {
namespace {

std::string json(std::string_view text) {
  std::string out;
  appendJson(out, text);
  return out;
}

TEST(Escape, LeavesPlainTextAsItIs) {
  EXPECT_EQ(escaped("/a?b=c d"), "/a?b=c d");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escape, NeitherEndsALineNorAString) {
  EXPECT_EQ(escaped("a\r\n\"b\\\x7f"), "a\\x0d\\x0a\\\"b\\\\\\x7f");
  EXPECT_EQ(escaped(std::string_view("\0x", 2)), "\\x00x");
  EXPECT_EQ(escaped("\xc3\xa4"), "\\xc3\\xa4");
}

/// Eight bytes are looked at at once, so every byte is tried at every place among others.
TEST(Escape, FindsAByteWhereverItStands) {
  for (int c = 0; c < 256; ++c) {
    const bool stays = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    for (std::size_t place = 0; place < 17; ++place) {
      for (const char around : {' ', '!', '#', '[', ']', '~'}) {
        std::string text(17, around);
        text[place] = static_cast<char>(c);
        const std::string out = escaped(text);
        ASSERT_EQ(out == text, stays) << c << " at " << place << " among " << around;
        ASSERT_EQ(out.substr(0, place), text.substr(0, place));
        ASSERT_TRUE(out.ends_with(text.substr(place + 1)));
      }
    }
  }
}

TEST(EscapeJson, IsJson) {
  EXPECT_EQ(json("a\"\\\n\x7f"), "\"a\\\"\\\\\\u000a\\u007f\"");
  EXPECT_EQ(json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(EscapeJson, ReplacesWhatIsNotUtf8) {
  const std::string replacement = "\"\xef\xbf\xbd\"";
  for (const char* wrong : {"\xff", "\x80", "\xc3", "\xc1"}) {
    EXPECT_EQ(json(wrong), replacement);
  }
  EXPECT_EQ(json("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"") << "a surrogate";
  EXPECT_EQ(json("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"") << "overlong";
  EXPECT_EQ(json("\xf4\x90\x80\x80").size(), 14U) << "above U+10FFFF";
}

RC_GTEST_PROP(EscapeProperty, AnyBytesBecomeOneLine, (const std::string& bytes)) {
  const std::string line = escaped(bytes);
  for (const char c : line) {
    RC_ASSERT(c >= 0x20 && c < 0x7f);
  }
  boost::json::error_code error;
  const auto parsed = boost::json::parse(json(bytes), error);
  RC_ASSERT(!error);
  RC_ASSERT(parsed.as_string() == validUtf8(bytes));
}

}  // namespace
}  // namespace hitless::proxy

#include "core/proxy/sniff.h"

#include <gtest/gtest.h>

namespace hitless::proxy {
namespace {

TEST(Sniff, WhatAClientSpeaksIsToldByItsFirstBytes) {
  EXPECT_EQ(sniff(""), Sniffed::kMore);
  EXPECT_EQ(sniff("GE"), Sniffed::kMore);
  EXPECT_EQ(sniff("GET "), Sniffed::kHttp);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n"), Sniffed::kHttp);
  EXPECT_EQ(sniff("\x16\x03\x01"), Sniffed::kTls);
  EXPECT_EQ(sniff("get / HTTP/1.1"), Sniffed::kOther);
  EXPECT_EQ(sniff(" GET /"), Sniffed::kOther);
  EXPECT_EQ(sniff(std::string(33, 'A')), Sniffed::kOther);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x08", 4)), Sniffed::kOther);
}

std::string sized(std::size_t sizeBytes, const std::string& piece) {
  std::string out;
  for (std::size_t i = sizeBytes; i-- > 0;) {
    out.push_back(static_cast<char>(piece.size() >> (8 * i) & 0xff));
  }
  return out + piece;
}

std::string hello(const std::string& extensions) {
  const std::string body = std::string("\x03\x03") + std::string(32, 'r') + sized(1, "") +
                           sized(2, std::string("\x13\x01")) + sized(1, std::string(1, '\0')) +
                           sized(2, extensions);
  return std::string("\x16\x03\x01") + sized(2, std::string("\x01") + sized(3, body));
}

std::string nameExtension(const std::string& name) {
  const std::string entry = std::string(1, '\0') + sized(2, name);
  return std::string(2, '\0') + sized(2, sized(2, entry));
}

TEST(Sniff, TheServerNameOfAClientHello) {
  const std::string other = std::string("\0\x10", 2) + sized(2, "alpn");
  EXPECT_EQ(serverNameOf(hello(nameExtension("web.example"))), "web.example");
  EXPECT_EQ(serverNameOf(hello(other + nameExtension("a"))), "a");
  EXPECT_EQ(serverNameOf(hello(other)), "");
  EXPECT_EQ(serverNameOf("GET / HTTP/1.1\r\n"), "");
}

/// Whatever is missing is waited for, and no prefix is taken for a whole.
TEST(Sniff, AClientHelloThatHasNotComeWhollySaysNothingYet) {
  const std::string whole = hello(nameExtension("web.example"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(serverNameOf(whole.substr(0, size)), std::nullopt) << size;
  }
}

/// Lengths that lie lead nowhere outside the bytes.
TEST(Sniff, AnyByteOfAClientHelloMayBeWrong) {
  const std::string whole = hello(nameExtension("web.example"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0xff}) {
      std::string broken = whole;
      broken[at] = static_cast<char>(value);
      const auto name = serverNameOf(broken);
      EXPECT_TRUE(!name || name->size() <= whole.size()) << at;
    }
  }
}

}  // namespace
}  // namespace hitless::proxy

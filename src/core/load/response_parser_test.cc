#include "core/load/response_parser.h"

#include <gtest/gtest.h>

#include "testing/fake_rng.h"

namespace hitless::load {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  bool head = false;
  bool close = false;  ///< The peer closes after the bytes.
  int status = 0;      ///< 0: the response is malformed.
  bool reusable = false;
  std::size_t rest = 0;  ///< Bytes after the response's end.
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"fixed", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, false, 200, true},
      {"bytes after it", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP", false, false, 200,
       true, 4},
      {"empty", "HTTP/1.1 500 \r\ncontent-length:0\r\n\r\n", false, false, 500, true},
      {"bare LF", "HTTP/1.1 200\nContent-Length: 1\n\nx", false, false, 200, true},
      {"close", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n", false,
       false, 200, false},
      {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, false, 200, false},
      {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", false,
       false, 200, true},
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n"
       "0\r\nTrailer: 1\r\n\r\n",
       false, false, 200, true},
      {"chunked and length: not reusable",
       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\n\r\n",
       false, false, 200, false},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nanything", false, true, 200, false},
      {"not chunked last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nxx", false,
       true, 200, false},
      {"head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, false, 200, true},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n", false, false, 204, true},
      {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", false, false, 304, true},
      {"interim",
       "HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n"
       "Content-Length: 0\r\n\r\n",
       false, false, 200, true},
      {"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
       false, false, 200, true},
      {"other length twice", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n"},
      {"length list", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n"},
      {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
      {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"},
      {"folded", "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n"},
      {"no colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n"},
      {"no name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"},
      {"space in name", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"},
      {"upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
      {"version", "HTTP/2 200 OK\r\n\r\n"},
      {"status", "HTTP/1.1 2000 OK\r\n\r\n"},
      {"TLS alert", std::string("\x15\x03\x01\x00\x02\x02\n", 7)},
      {"chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
      {"chunk size overflow",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"},
      {"chunk too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"},
      {"head too long", "HTTP/1.1 200 OK\r\nX: " + std::string(ResponseParser::kMaxHead, 'x')},
      {"chunk line too long",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x')},
  };
  return kCases;
}

/// Feeds the bytes in pieces of this size and returns how many were not taken.
std::size_t feed(ResponseParser& parser, const Case& test, std::size_t piece) {
  parser.reset(test.head);
  std::size_t at = 0;
  while (at < test.bytes.size() && !parser.done() && !parser.failed()) {
    at += parser.feed(std::string_view(test.bytes).substr(at, piece));
  }
  if (test.close) {
    parser.finish();
  }
  return test.bytes.size() - at;
}

TEST(ResponseParser, ReadsAndRefusesInPiecesOfAnySize) {
  ResponseParser parser;
  for (const Case& test : cases()) {
    for (const std::size_t piece : {1UL, 2UL, 7UL, 1UL << 20}) {
      SCOPED_TRACE(std::string(test.name) + " in pieces of " + std::to_string(piece));
      const std::size_t rest = feed(parser, test, piece);
      ASSERT_EQ(parser.failed(), test.status == 0) << parser.error();
      if (test.status != 0) {
        EXPECT_TRUE(parser.done());
        EXPECT_EQ(parser.status(), test.status);
        EXPECT_EQ(parser.reusable(), test.reusable);
        EXPECT_EQ(rest, test.rest);
      }
    }
  }
}

TEST(ResponseParser, AnIncompleteResponseStaysIncomplete) {
  for (const Case& test : cases()) {
    if (test.status == 0 || test.close || test.rest > 0) {
      continue;
    }
    for (std::size_t size = 0; size < test.bytes.size(); ++size) {
      Case cut = test;
      cut.bytes.resize(size);
      ResponseParser parser;
      feed(parser, cut, 3);
      EXPECT_FALSE(parser.done()) << test.name << " cut at " << size;
      EXPECT_EQ(parser.started(), size > 0);
    }
  }
}

TEST(ResponseParser, SurvivesMutations) {
  testing::FakeRng rng(7);
  ResponseParser parser;
  for (int round = 0; round < 20000; ++round) {
    Case test = cases()[rng.below(cases().size() - 2)];  // without the two long ones
    for (std::uint64_t edits = rng.below(4) + 1; edits > 0; --edits) {
      const std::size_t at = rng.below(test.bytes.size());
      switch (rng.below(4)) {
        case 0:
          test.bytes[at] = static_cast<char>(rng.next());
          break;
        case 1:
          test.bytes.insert(at, test.bytes.substr(rng.below(test.bytes.size()), rng.below(20)));
          break;
        case 2:
          test.bytes.erase(at, rng.below(5) + 1);
          test.bytes += '\n';
          break;
        default:
          test.bytes[at] = "\r\n\0:0"[rng.below(5)];
      }
    }
    const std::size_t rest = feed(parser, test, rng.below(9) + 1);
    ASSERT_LE(rest, test.bytes.size());
    ASSERT_FALSE(parser.done() && parser.failed());
    if (parser.done()) {
      ASSERT_GE(parser.status(), 200);
      ASSERT_LE(parser.status(), 599);
    }
  }
}

}  // namespace
}  // namespace hitless::load

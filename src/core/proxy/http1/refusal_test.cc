#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/http1/server_session.h"
#include "core/proxy/http1/session_fixture.h"

namespace hitless::proxy::http1 {
namespace {

using ::testing::ElementsAre;

struct Case {
  const char* name;
  std::string bytes;
  int status;  ///< 0: it is accepted.
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/// Requests that two implementations have been seen to read differently, and their harmless
/// neighbours. RFC 9112; names of well-known techniques in quotes.
const Case kCases[] = {
    {"plain", get(""), 0},
    {"empty line before", "\r\n" + get(""), 0},
    {"two empty lines before", "\r\n\r\n" + get(""), 0},
    // 2.2: line ends
    {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
    {"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
    {"bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"bare CR in a value", get("X: a\rb\r\n"), 400},
    {"bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"NUL in a value", get(std::string("X: a\0b\r\n", 8)), 400},
    {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28), 400},
    {"white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    // 3: request line
    {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"no version", "GET /\r\nHost: a\r\n\r\n", 400},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tab as separator", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"space at the line's end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"method with a bracket", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"method in lower case is another method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"absolute form", "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"absolute form without a host", "GET http:///c HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"absolute form of another scheme", "GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"user in an absolute form", "GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 0},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"HTTP/2.0 without its preface", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"HTTP/0.9", "GET /\r\n\r\n", 400},
    {"version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"version with two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
    // 3.2: Host
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"Host with a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
    {"Host with port", "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", 0},
    {"Host of IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
    // 5.1, 5.2: fields
    {"space before the colon", get("X : b\r\n"), 400},
    {"tab before the colon", get("X\t: b\r\n"), 400},
    {"space before the colon of Content-Length", post("Content-Length : 5\r\n", "hello"), 400},
    {"space before the colon of Transfer-Encoding",
     post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
    {"field without a colon", get("X\r\n"), 400},
    {"field without a name", get(": b\r\n"), 400},
    {"folded field", get("X: a\r\n b\r\n"), 400},
    {"folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
    {"name with an underscore", get("X_Y: b\r\n"), 0},
    {"name with a slash", get("X/Y: b\r\n"), 400},
    {"empty value", get("X:\r\n"), 0},
    {"obs-text in a value", get("X: \xe4\r\n"), 0},
    {"DEL in a value", get("X: \x7f\r\n"), 400},
    // 6.3: framing
    {"length", post("Content-Length: 5\r\n", "hello"), 0},
    {"length 0", post("Content-Length: 0\r\n"), 0},
    {"length of a GET", get("Content-Length: 0\r\n"), 0},
    {"length with a sign", post("Content-Length: +5\r\n", "hello"), 400},
    {"negative length", post("Content-Length: -5\r\n"), 400},
    {"length in hexadecimal", post("Content-Length: 0x5\r\n", "hello"), 400},
    {"length with a space", post("Content-Length: 5 5\r\n", "hello"), 400},
    {"length with an underscore", post("Content-Length: 1_0\r\n", "hello"), 400},
    {"empty length", post("Content-Length:\r\n"), 400},
    {"length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n"), 400},
    {"length list", post("Content-Length: 5, 5\r\n", "hello"), 400},
    {"two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
    {"the same length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
    {"\"CL.TE\"", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), 400},
    {"\"TE.CL\"", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400},
    {"\"TE.TE\" with an unknown coding",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n"), 400},
    {"\"TE.TE\" chunked twice",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"coding in capital letters", post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), 0},
    {"unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
    {"identity", post("Transfer-Encoding: identity\r\n"), 501},
    {"gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
    {"chunked before gzip", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
    {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501},
    {"vertical tab before chunked", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
    {"chunked with HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    // 7.1: chunks
    {"chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), 0},
    {"size in capital letters", chunked("A\r\n0123456789\r\n0\r\n\r\n"), 0},
    {"size with zeros before", chunked("0005\r\nhello\r\n0\r\n\r\n"), 0},
    {"extension", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), 0},
    {"extension with a bare LF", chunked("5;a\nhello\r\n0\r\n\r\n"), 400},
    {"size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a space before", chunked(" 5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a space after", chunked("5 \r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a bare LF", chunked("5\nhello\r\n0\r\n\r\n"), 400},
    {"size with a bare CR", chunked("5\rXhello\r\n0\r\n\r\n"), 400},
    {"no size", chunked("\r\nhello\r\n0\r\n\r\n"), 400},
    {"size of 16 digits", chunked("FFFFFFFFFFFFFFFF\r\n"), 400},
    {"chunk longer than its size", chunked("5\r\nhelloX\r\n0\r\n\r\n"), 400},
    {"chunk without its CRLF", chunked("5\r\nhello0\r\n\r\n"), 400},
    {"chunk with a bare LF", chunked("5\r\nhello\n0\r\n\r\n"), 400},
    {"trailer", chunked("0\r\nX: y\r\n\r\n"), 0},
    {"trailer with a space before the colon", chunked("0\r\nX : y\r\n\r\n"), 400},
    {"trailer with a bare LF", chunked("0\r\nX: y\n\r\n"), 400},
    // RFC 9110 10.1.1, 7.6.1
    {"expectation", post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"), 0},
    {"unknown expectation", get("Expect: something\r\n"), 417},
    {"CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
};

class Http1Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Http1Refusal, AsTheTableSays) {
  const Case& given = GetParam();
  ServerNotes notes;
  ServerSession session({}, notes);
  session.receive(given.bytes);
  const bool refused = !notes.notes.empty() && notes.notes.back() != "" &&
                       std::any_of(notes.notes.begin(), notes.notes.end(),
                                   [](const auto& note) { return note.starts_with("refused "); });
  EXPECT_EQ(refused, given.status != 0) << ::testing::PrintToString(notes.notes);
  if (given.status != 0) {
    EXPECT_THAT(written(session),
                ::testing::StartsWith("HTTP/1.1 " + std::to_string(given.status)));
    EXPECT_TRUE(session.finished());
    EXPECT_FALSE(session.reads());
  } else {
    ASSERT_EQ(notes.heads.size(), 1U);
    EXPECT_EQ(session.active(), 1U);
  }
}

/// However the bytes are cut, the outcome is the same.
TEST_P(Http1Refusal, InAnyPieces) {
  const Case& given = GetParam();
  ServerNotes whole;
  ServerSession atOnce({}, whole);
  atOnce.receive(given.bytes);
  ServerNotes pieces;
  ServerSession byByte({}, pieces);
  for (const char c : given.bytes) {
    byByte.receive({&c, 1});
  }
  EXPECT_EQ(pieces.notes, whole.notes);
  EXPECT_EQ(pieces.body, whole.body);
  EXPECT_EQ(written(byByte), written(atOnce));
}

INSTANTIATE_TEST_SUITE_P(Table, Http1Refusal, ::testing::ValuesIn(kCases));

TEST(Http1Limits, HeadsAndFields) {
  ServerNotes notes;
  ServerSession::Options options;
  options.limits = {1024, 10};
  ServerSession tooLong(options, notes);
  tooLong.receive("GET /" + std::string(2000, 'a'));
  EXPECT_THAT(notes.notes, ElementsAre("refused 431 http1.headers_too_large"));
  ServerNotes many;
  ServerSession tooMany(options, many);
  std::string fields;
  for (int i = 0; i < 11; ++i) {
    fields += "X: y\r\n";
  }
  tooMany.receive(get(fields));
  EXPECT_THAT(many.notes, ElementsAre("refused 431 http1.headers_too_large"));
}

TEST(Http1Limits, EndlessExtensionsAndTrailers) {
  for (const std::string& body :
       {"1;" + std::string(20'000, 'a'), "0\r\nX: " + std::string(70'000, 'a') + "\r\n"}) {
    ServerNotes notes;
    ServerSession session({}, notes);
    session.receive(chunked(body));
    ASSERT_EQ(notes.notes.size(), 3U);
    EXPECT_THAT(notes.notes[1], ::testing::StartsWith("refused 4"));
    EXPECT_EQ(notes.notes[2], "reset");
  }
}

}  // namespace
}  // namespace hitless::proxy::http1

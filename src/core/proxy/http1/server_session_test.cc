#include "core/proxy/http1/server_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/http1/session_fixture.h"

namespace hitless::proxy::http1 {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Server {
  ServerNotes notes;
  ServerSession session{{}, notes};

  void get(const std::string& fields = "", const std::string& version = "1.1") {
    session.receive("GET /a HTTP/" + version + "\r\nHost: web\r\n" + fields + "\r\n");
  }
  void respond(int status, std::optional<std::uint64_t> length, bool end) {
    ResponseHead head;
    head.status = status;
    head.contentLength = length;
    session.respond(notes.last, head, end);
  }
  void ok(std::string_view body) {
    respond(200, body.size(), body.empty());
    if (!body.empty()) {
      session.send(notes.last, body, true);
    }
  }
};

TEST(Http1Server, GivesAndTakesOneRequestAfterTheOther) {
  Server server;
  server.get();
  EXPECT_THAT(server.notes.notes, ElementsAre("request GET web/a end"));
  server.ok("hello");
  EXPECT_EQ(written(server.session), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
  EXPECT_TRUE(server.session.idle());
  server.get();
  EXPECT_EQ(server.notes.last, 2U);
  EXPECT_FALSE(server.session.finished());
}

TEST(Http1Server, ServesWhatIsSentAheadInOrder) {
  Server server;
  server.session.receive(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(server.notes.notes, ElementsAre("request GET a/1 end"));
  server.ok("1");
  EXPECT_EQ(server.notes.notes.back(), "request GET a/2 end");
  server.ok("2");
  server.ok("3");
  EXPECT_EQ(server.notes.notes.size(), 3U);
  EXPECT_THAT(written(server.session), EndsWith("\r\n\r\n3"));
}

TEST(Http1Server, TakesOffWhatIsOfTheConnection) {
  Server server;
  server.session.receive(
      "POST /a HTTP/1.1\r\nHost: web\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\n"
      "X-Hop: 1\r\nProxy-Connection: x\r\nTE: trailers\r\nContent-Length: 2\r\nX-End: 2\r\n\r\nhi");
  const RequestHead& head = server.notes.heads.front();
  EXPECT_EQ(head.fields, (Fields{{"x-end", "2"}}));
  EXPECT_EQ(head.contentLength, 2U);
  EXPECT_TRUE(head.acceptsTrailers);
}

TEST(Http1Server, AConnectionFieldCannotTakeOffFraming) {
  Server server;
  server.session.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length, host\r\nContent-Length: "
      "2\r\n\r\nhi");
  EXPECT_THAT(server.notes.notes, ElementsAre("request POST a/", "end of 2"));
}

TEST(Http1Server, TheAbsoluteFormWinsOverHost) {
  Server server;
  server.session.receive("GET http://b:1/c?d HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.notes.heads.front().authority, "b:1");
  EXPECT_EQ(server.notes.heads.front().path, "/c?d");
}

TEST(Http1Server, ChunkedBothWaysWithTrailers) {
  Server server;
  server.session.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n");
  EXPECT_THAT(server.notes.notes, ElementsAre("request POST a/", "trailers 1"));
  EXPECT_EQ(server.notes.body, "hello world");
  server.respond(200, std::nullopt, false);
  server.session.send(1, "abc", false);
  server.session.send(1, "", false);
  server.session.sendTrailers(1, {{"x-t", "1"}});
  EXPECT_EQ(written(server.session),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n");
}

TEST(Http1Server, AResponseWithoutABody) {
  for (const int status : {204, 304}) {
    Server server;
    server.get();
    server.respond(status, std::nullopt, true);
    EXPECT_THAT(written(server.session), Not(HasSubstr("content-length"))) << status;
    EXPECT_TRUE(server.session.idle());
  }
  Server head;
  head.session.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  head.respond(200, 5, true);
  EXPECT_EQ(written(head.session), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
}

TEST(Http1Server, ClosesAfterHttp10UnlessAskedNotTo) {
  Server closes;
  closes.get("", "1.0");
  closes.respond(200, std::nullopt, false);
  closes.session.send(1, "abc", true);
  EXPECT_EQ(written(closes.session), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
  EXPECT_TRUE(closes.session.finished());
  Server keeps;
  keeps.get("Connection: keep-alive\r\n", "1.0");
  keeps.ok("a");
  EXPECT_THAT(written(keeps.session), HasSubstr("connection: keep-alive\r\n"));
  EXPECT_TRUE(keeps.session.idle());
}

TEST(Http1Server, NoticeClosesWithTheNextResponseAndServesWhatComesBefore) {
  Server server;
  server.get();
  server.session.notice();
  EXPECT_TRUE(server.session.noticed());
  server.ok("a");
  EXPECT_THAT(written(server.session), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(server.session.finished());
  Server idle;
  idle.session.notice();
  EXPECT_TRUE(idle.session.idle());
  EXPECT_FALSE(idle.session.finished());
  idle.get();
  idle.ok("a");
  EXPECT_THAT(written(idle.session), HasSubstr("connection: close\r\n"));
}

TEST(Http1Server, InterimResponses) {
  Server server;
  server.session.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(server.notes.heads.front().expectsContinue);
  server.respond(100, std::nullopt, false);
  EXPECT_EQ(written(server.session), "HTTP/1.1 100 Continue\r\n\r\n");
  server.session.receive("hi");
  server.ok("x");
  EXPECT_THAT(written(server.session), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(server.session.idle());
}

TEST(Http1Server, AnEarlyAnswerEndsTheConnection) {
  Server server;
  server.session.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi");
  server.ok("no");
  EXPECT_THAT(written(server.session), EndsWith("no"));
  EXPECT_TRUE(server.session.finished());
}

TEST(Http1Server, AnUpgradeLeavesHttp) {
  Server server;
  server.session.receive(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nearly");
  EXPECT_EQ(server.notes.heads.front().upgrade, "websocket");
  EXPECT_THAT(server.notes.notes, ElementsAre("request GET a/ws"));
  ResponseHead head;
  head.status = 101;
  head.upgrade = "websocket";
  server.session.respond(1, head, false);
  EXPECT_EQ(server.notes.body, "early");
  server.session.send(1, "raw", false);
  EXPECT_THAT(written(server.session), EndsWith("upgrade: websocket\r\n\r\nraw"));
  server.session.receive("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(server.notes.body, "earlyGET / HTTP/1.1\r\n\r\n");
  server.session.receiveEnd();
  EXPECT_THAT(server.notes.notes.back(), StartsWith("end of"));
}

TEST(Http1Server, ARefusedUpgradeIsAResponseLikeAnyOther) {
  Server server;
  server.session.receive(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  server.ok("no");
  EXPECT_TRUE(server.session.reads());
  written(server.session);
  EXPECT_TRUE(server.session.idle());
}

TEST(Http1Server, NoUpgradeToHttp2) {
  Server server;
  server.session.receive(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAA\r\n\r\n");
  EXPECT_EQ(server.notes.heads.front().upgrade, "");
  EXPECT_TRUE(server.notes.heads.front().fields.empty());
}

TEST(Http1Server, TakesNoMoreThanAWindowThatNobodyConsumes) {
  Server server;
  const std::string piece(40'000, 'x');
  server.session.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + piece);
  EXPECT_TRUE(server.session.reads());
  server.session.receive(piece);
  EXPECT_FALSE(server.session.reads());
  server.session.consumed(1, 80'000);
  EXPECT_TRUE(server.session.reads());
  for (int i = 0; i < 3; ++i) {
    server.session.receive(piece);
    server.session.consumed(1, piece.size());
  }
  EXPECT_EQ(server.notes.notes.back(), "end of 200000");
}

TEST(Http1Server, TellsWhenAFullOutputHasDrained) {
  Server server;
  server.get();
  server.respond(200, 300'000, false);
  server.session.send(1, std::string(100'000, 'x'), false);
  EXPECT_GT(server.session.queued(1), kHighWater);
  server.session.wrote(60'000);
  EXPECT_EQ(server.notes.notes.size(), 1U);
  server.session.wrote(server.session.output().size());
  EXPECT_EQ(server.notes.notes.back(), "drained");
}

TEST(Http1Server, AClientThatGoesInTheMiddle) {
  Server body;
  body.session.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi");
  body.session.receiveEnd();
  EXPECT_EQ(body.notes.notes.back(), "reset");
  EXPECT_TRUE(body.session.finished());
  Server half;
  half.get();
  half.session.receiveEnd();
  half.ok("still");
  EXPECT_THAT(written(half.session), EndsWith("still"));
  EXPECT_TRUE(half.session.finished());
  Server head;
  head.session.receive("GET / HT");
  head.session.receiveEnd();
  EXPECT_TRUE(head.session.finished());
  EXPECT_TRUE(head.notes.notes.empty());
}

TEST(Http1Server, ACutResponseDoesNotLookWhole) {
  Server server;
  server.get();
  server.respond(200, std::nullopt, false);
  server.session.send(1, "abc", false);
  server.session.reset(1, StreamError::kInternal);
  EXPECT_THAT(written(server.session), EndsWith("3\r\nabc\r\n"));
  EXPECT_TRUE(server.session.finished());
}

TEST(Http1Server, AHeadThatDoesNotCome) {
  Server server;
  server.session.receive("GET / HTTP/1.1\r\n");
  server.session.headTimedOut();
  EXPECT_THAT(written(server.session), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(server.session.finished());
}

TEST(Http1Server, ARequestWithABodyAsksForNoUpgrade) {
  Server server;
  server.session.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(server.notes.heads.front().upgrade, "");
}

/// Whatever framing the upstream chose: a client takes what follows for the next response.
TEST(Http1Server, WhatHasNoBodyGetsNone) {
  for (const auto& [method, status] :
       {std::pair("GET", 204), std::pair("GET", 304), std::pair("HEAD", 200)}) {
    Server server;
    server.session.receive(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    ResponseHead head;
    head.status = status;
    server.session.respond(1, head, false);
    server.session.sendTrailers(1, {});
    const std::string said = written(server.session);
    EXPECT_EQ(said.find("\r\n\r\n") + 4, said.size());
  }
}

}  // namespace
}  // namespace hitless::proxy::http1

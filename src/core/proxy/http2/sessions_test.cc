#include <gtest/gtest.h>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

TEST(ProxyHttp2, CarriesARequestAndItsResponse) {
  Pair pair;
  RequestHead head = get("/a?b=c");
  head.acceptsTrailers = true;
  head.fields = {{"x-one", "1"}, {"accept", "*/*"}, {"x-one", "2"}};
  const StreamId id = pair.ask(head);
  const Heard& asked = pair.asked(id);
  EXPECT_TRUE(asked.begun);
  EXPECT_TRUE(asked.end);
  EXPECT_EQ(asked.request.version, HttpVersion::k2);
  EXPECT_EQ(asked.request.method, "GET");
  EXPECT_EQ(asked.request.scheme, "http");
  EXPECT_EQ(asked.request.authority, "web:8080");
  EXPECT_EQ(asked.request.path, "/a?b=c");
  EXPECT_TRUE(asked.request.acceptsTrailers);
  EXPECT_FALSE(asked.request.contentLength);
  EXPECT_EQ(asked.request.fields, head.fields);
  EXPECT_EQ(pair.server.active(), 1U);

  ResponseHead answer = status(200, {{"content-type", "text/plain"}});
  answer.contentLength = 2;
  pair.server.respond(id, answer, false);
  pair.server.send(id, "ok", true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.status, 200);
  EXPECT_EQ(pair.answered(id).response.contentLength, 2U);
  EXPECT_EQ(pair.answered(id).response.fields, answer.fields);
  EXPECT_EQ(pair.answered(id).body, "ok");
  EXPECT_TRUE(pair.answered(id).end);
  EXPECT_EQ(pair.server.active(), 0U);
  EXPECT_EQ(pair.client.active(), 0U);
  EXPECT_TRUE(pair.asked(id).resets.empty());
  EXPECT_TRUE(pair.answered(id).resets.empty());
}

TEST(ProxyHttp2, TellsTheEndOfABodyWithItsLastBytes) {
  Pair pair;
  RequestHead head = get();
  head.method = "POST";
  head.contentLength = 5;
  const StreamId id = pair.client.open(head, false);
  pair.client.send(id, "hello", true);
  pair.pump();
  EXPECT_EQ(pair.asked(id).request.contentLength, 5U);
  EXPECT_EQ(pair.serverEvents.log, "request data ");
  EXPECT_TRUE(pair.asked(id).end);
  pair.server.respond(id, status(204), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.status, 204);
  EXPECT_TRUE(pair.answered(id).end);
}

TEST(ProxyHttp2, EndsABodyWithNothing) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, "a", false);
  pair.pump();
  EXPECT_FALSE(pair.asked(id).end);
  pair.client.send(id, {}, true);
  pair.pump();
  EXPECT_TRUE(pair.asked(id).end);
  EXPECT_EQ(pair.asked(id).body, "a");
}

TEST(ProxyHttp2, CarriesTrailersBothWays) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, "question", false);
  pair.client.sendTrailers(id, {{"x-sum", "9"}});
  pair.pump();
  EXPECT_EQ(pair.asked(id).trailers, (Fields{{"x-sum", "9"}}));
  pair.server.respond(id, status(200, {{"content-type", "application/grpc"}}), false);
  pair.server.send(id, "answer", false);
  pair.server.sendTrailers(id, {{"grpc-status", "0"}, {"grpc-message", ""}});
  pair.pump();
  EXPECT_EQ(pair.answered(id).body, "answer");
  EXPECT_EQ(pair.answered(id).trailers, (Fields{{"grpc-status", "0"}, {"grpc-message", ""}}));
  EXPECT_EQ(pair.client.active(), 0U);
  EXPECT_EQ(pair.server.active(), 0U);
}

TEST(ProxyHttp2, TrailersMayFollowTheHeadAtOnceAndMayBeEmpty) {
  Pair pair;
  const StreamId one = pair.ask();
  pair.server.respond(one, status(200), false);
  pair.server.sendTrailers(one, {{"grpc-status", "5"}});
  pair.pump();
  EXPECT_EQ(pair.answered(one).trailers, (Fields{{"grpc-status", "5"}}));
  EXPECT_EQ(pair.answered(one).body, "");
  const StreamId two = pair.ask();
  pair.server.respond(two, status(200), false);
  pair.pump();
  pair.server.sendTrailers(two, {});
  pair.pump();
  EXPECT_TRUE(pair.answered(two).end);
  EXPECT_TRUE(pair.answered(two).trailers.empty());
}

TEST(ProxyHttp2, CarriesTrailersOnlyResponses) {
  Pair pair;
  const StreamId id = pair.ask();
  const Fields fields = {{"content-type", "application/grpc"}, {"grpc-status", "12"}};
  pair.server.respond(id, status(200, fields), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.fields, fields);
  EXPECT_TRUE(pair.answered(id).end);
  EXPECT_EQ(pair.clientEvents.log, "response ");
}

TEST(ProxyHttp2, CarriesInterimResponses) {
  Pair pair;
  RequestHead head = get();
  head.fields = {{"expect", "100-Continue"}};
  const StreamId id = pair.ask(head, false);
  EXPECT_TRUE(pair.asked(id).request.expectsContinue);
  EXPECT_EQ(pair.asked(id).request.fields.find("expect"), "100-Continue");
  pair.server.respond(id, status(103, {{"link", "</a>"}}), false);
  pair.server.respond(id, status(100), false);
  pair.pump();
  ASSERT_EQ(pair.answered(id).interim.size(), 2U);
  EXPECT_EQ(pair.answered(id).interim[0].status, 103);
  EXPECT_EQ(pair.answered(id).interim[0].fields, (Fields{{"link", "</a>"}}));
  EXPECT_EQ(pair.answered(id).interim[1].status, 100);
  EXPECT_FALSE(pair.answered(id).begun);
  pair.client.send(id, "x", true);
  pair.server.respond(id, status(200), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.status, 200);
}

TEST(ProxyHttp2, DeclaresTheLengthOfWhatHeadAnd304WouldHaveBrought) {
  Pair pair;
  RequestHead head = get();
  head.method = "HEAD";
  const StreamId id = pair.ask(head);
  ResponseHead answer = status(200);
  answer.contentLength = 1000;
  pair.server.respond(id, answer, true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.contentLength, 1000U);
  EXPECT_TRUE(pair.answered(id).end);
  const StreamId second = pair.ask();
  answer.status = 304;
  pair.server.respond(second, answer, true);
  pair.pump();
  EXPECT_EQ(pair.answered(second).response.contentLength, 1000U);
  const StreamId third = pair.ask();
  answer.status = 204;
  pair.server.respond(third, answer, true);
  pair.pump();
  EXPECT_EQ(pair.answered(third).response.status, 204);
  EXPECT_FALSE(pair.answered(third).response.contentLength);
}

TEST(ProxyHttp2, TakesWhatBelongsToAConnectionOffMessages) {
  Pair pair;
  RequestHead head = get();
  head.fields = {{"connection", "close"}, {"keep-alive", "1"}, {"transfer-encoding", "chunked"},
                 {"upgrade", "h2c"},      {"te", "gzip"},      {"proxy-connection", "close"},
                 {"host", "other"},       {"x", "y"}};
  const StreamId id = pair.ask(head);
  EXPECT_EQ(pair.asked(id).request.fields, (Fields{{"x", "y"}}));
  EXPECT_FALSE(pair.asked(id).request.acceptsTrailers);
  pair.server.respond(id, status(200, {{"connection", "close"}, {"a", "b"}}), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.fields, (Fields{{"a", "b"}}));
}

TEST(ProxyHttp2, ResetsGoBothWaysWithTheirMeaning) {
  Pair pair;
  const StreamId one = pair.ask();
  pair.client.reset(one, StreamError::kCancel);
  const StreamId two = pair.ask();
  EXPECT_EQ(pair.asked(one).resets, std::vector{StreamError::kCancel});
  EXPECT_TRUE(pair.answered(one).resets.empty());
  pair.server.reset(two, StreamError::kRefused);
  pair.pump();
  EXPECT_EQ(pair.answered(two).resets, std::vector{StreamError::kRefused});
  EXPECT_TRUE(pair.asked(two).resets.empty());
  const StreamId three = pair.ask();
  pair.server.respond(three, status(200), false);
  pair.server.send(three, "beginning", false);
  pair.pump();
  pair.server.reset(three, StreamError::kConnectionEnded);
  pair.pump();
  EXPECT_EQ(pair.answered(three).resets, std::vector{StreamError::kInternal});
  EXPECT_EQ(pair.server.active() + pair.client.active(), 0U);
}

TEST(ProxyHttp2, ARequestMayBeResetBeforeItIsSent) {
  Pair pair;
  const StreamId id = pair.client.open(get(), true);
  pair.client.reset(id, StreamError::kCancel);
  EXPECT_EQ(pair.client.active(), 0U);
  const StreamId next = pair.ask();
  EXPECT_FALSE(pair.asked(id).begun);
  EXPECT_TRUE(pair.asked(next).begun);
  EXPECT_TRUE(pair.answered(id).resets.empty());
}

TEST(ProxyHttp2, AResponseBeforeTheEndOfTheRequestIsSentWhole) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.server.respond(id, status(413), false);
  pair.server.send(id, std::string(100'000, 'x'), true);
  pair.server.reset(id, StreamError::kNone);
  pair.client.send(id, std::string(1000, 'y'), false);
  pair.pump();
  while (!pair.answered(id).end) {
    pair.client.consumed(id, 16'384);
    pair.pump();
  }
  EXPECT_EQ(pair.answered(id).response.status, 413);
  EXPECT_EQ(pair.answered(id).body.size(), 100'000U);
  EXPECT_EQ(pair.answered(id).resets, std::vector{StreamError::kNone});
  EXPECT_EQ(pair.asked(id).body, "");
  EXPECT_EQ(pair.server.active() + pair.client.active(), 0U);
}

TEST(ProxyHttp2, AClientStopsSendingARequestThatHasBeenAnswered) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, std::string(1000, 'x'), false);
  pair.pump();
  pair.server.respond(id, status(200), false);
  pair.server.send(id, "no need", true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).body, "no need");
  EXPECT_TRUE(pair.answered(id).end);
  EXPECT_EQ(pair.answered(id).resets, std::vector{StreamError::kNone});
  EXPECT_TRUE(pair.asked(id).resets.empty());
  EXPECT_EQ(pair.server.active() + pair.client.active(), 0U);
}

TEST(ProxyHttp2, OfStreamsThatAreGivenUpNothingMoreIsTold) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.server.respond(id, status(413), false);
  pair.server.send(id, std::string(2 * kHighWater, 'x'), true);
  pair.server.reset(id, StreamError::kNone);
  pair.pump();
  EXPECT_TRUE(pair.answered(id).end);
  EXPECT_EQ(pair.asked(id).drained, 0);
  // nghttp2 resets this one while it writes; by the time that could be told nobody cares.
  const StreamId other = pair.client.open(get(std::string(600'000, 'x')), true);
  EXPECT_EQ(only(NGHTTP2_HEADERS, parseFrames(pair.client.output())).size(), 0U);
  pair.client.reset(other, StreamError::kCancel);
  pair.client.wrote(0);
  EXPECT_TRUE(pair.answered(other).resets.empty());
  const StreamId third = pair.client.open(get(std::string(600'000, 'x')), true);
  pair.client.wrote(pair.client.output().size());
  EXPECT_EQ(pair.answered(third).resets, std::vector{StreamError::kInternal});
}

TEST(ProxyHttp2, HandlersMayDoAnythingFromEvents) {
  Pair pair;
  pair.serverEvents.onRequest = [&](StreamId id) {
    EXPECT_TRUE(pair.server.output().empty());
    pair.server.respond(id, status(200), false);
    pair.server.send(id, "x", id % 4 == 1);
    if (id % 4 == 3) {
      pair.server.reset(id, StreamError::kInternal);
    }
    pair.server.notice();
  };
  const StreamId one = pair.client.open(get(), true);
  const StreamId two = pair.client.open(get(), true);
  pair.pump();
  EXPECT_EQ(pair.answered(one).body, "x");
  EXPECT_EQ(pair.answered(two).resets, std::vector{StreamError::kInternal});
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
}

TEST(ProxyHttp2, TheEndOfAConnectionEndsItsStreams) {
  Pair pair;
  const StreamId id = pair.ask();
  pair.server.receiveEnd();
  pair.client.receiveEnd();
  EXPECT_EQ(pair.asked(id).resets, std::vector{StreamError::kConnectionEnded});
  EXPECT_EQ(pair.answered(id).resets, std::vector{StreamError::kConnectionEnded});
  EXPECT_EQ(pair.server.active() + pair.client.active(), 0U);
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
  EXPECT_FALSE(pair.server.reads());
  EXPECT_TRUE(pair.client.leaving());
  EXPECT_EQ(pair.client.opens(), 0U);
}

}  // namespace
}  // namespace hitless::proxy::http2

#include <gtest/gtest.h>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

constexpr std::uint32_t kHighest = 0x7fffffff;

std::vector<std::uint32_t> goaways(const std::vector<Frame>& frames) {
  std::vector<std::uint32_t> last;
  for (const Frame& one : only(NGHTTP2_GOAWAY, frames)) {
    EXPECT_EQ(one.word(4), std::uint32_t{NGHTTP2_NO_ERROR});
    last.push_back(one.word(0));
  }
  return last;
}

TEST(ProxyHttp2Leave, IsSaidInTwoSteps) {
  Pair pair;
  const StreamId before = pair.ask();
  pair.server.notice();
  pair.server.notice();
  const std::string first = take(pair.server);
  EXPECT_EQ(goaways(parseFrames(first)), std::vector{kHighest});
  EXPECT_EQ(only(NGHTTP2_PING, parseFrames(first)).size(), 1U);
  EXPECT_FALSE(pair.server.noticed());
  // The client has begun another one before it hears of it.
  const StreamId between = pair.client.open(get(), true);
  pair.server.receive(take(pair.client));
  EXPECT_TRUE(pair.asked(between).begun);
  pair.clientEvents.openables = 0;
  pair.client.receive(first);
  EXPECT_TRUE(pair.client.leaving());
  EXPECT_EQ(pair.client.opens(), 0U);
  EXPECT_EQ(pair.clientEvents.openables, 1);
  pair.server.receive(take(pair.client));
  const std::string second = take(pair.server);
  EXPECT_EQ(goaways(parseFrames(second)), std::vector{between});
  EXPECT_TRUE(pair.server.noticed());
  EXPECT_FALSE(pair.server.finished());
  pair.client.receive(second);
  for (const StreamId id : {before, between}) {
    EXPECT_TRUE(pair.answered(id).resets.empty());
    pair.server.respond(id, status(200), true);
    pair.pump();
    EXPECT_EQ(pair.answered(id).response.status, 200);
  }
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
}

TEST(ProxyHttp2Leave, IsSaidToIdleConnectionsToo) {
  Pair pair;
  pair.server.notice();
  EXPECT_FALSE(pair.server.finished());
  pair.pump();
  EXPECT_TRUE(pair.server.noticed());
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
  EXPECT_FALSE(pair.client.reads());
}

TEST(ProxyHttp2Leave, AnotherPingIsNotTheAnswer) {
  RecordingServer events;
  Http2ServerSession server(events);
  server.receive(std::string(kPreface) + settingsFrame() + settingsAck());
  server.notice();
  take(server);
  server.receive(pingFrame("........", true));
  EXPECT_TRUE(goaways(parseFrames(take(server))).empty());
  EXPECT_FALSE(server.noticed());
  server.receive(pingFrame("leaving.", true));
  EXPECT_EQ(goaways(parseFrames(take(server))), std::vector{0U});
  EXPECT_TRUE(server.noticed());
}

TEST(ProxyHttp2Leave, WhatBeginsAfterTheFinalGoawayIsRefused) {
  const Pairs fields = {
      {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};
  RecordingServer events;
  Http2ServerSession server(events);
  server.receive(std::string(kPreface) + settingsFrame() + settingsAck() +
                 headersFrame(1, fields, true));
  server.notice();
  take(server);
  // In one piece: the final GOAWAY cannot be out when the next request is read.
  server.receive(pingFrame("leaving.", true) + headersFrame(3, fields, true));
  const std::vector<Frame> frames = parseFrames(take(server));
  EXPECT_EQ(goaways(frames), std::vector{1U});
  const std::vector<Frame> resets = only(NGHTTP2_RST_STREAM, frames);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].stream, 3U);
  EXPECT_EQ(resets[0].word(0), std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_FALSE(events.streams[3].begun);
  server.receive(headersFrame(5, fields, true));
  EXPECT_FALSE(events.streams[5].begun);
  EXPECT_EQ(server.active(), 1U);
  server.respond(1, status(200), true);
  take(server);
  EXPECT_TRUE(server.finished());
}

class ProxyHttp2Goaway : public ::testing::Test {
 protected:
  ProxyHttp2Goaway() : client_(events_) { client_.receive(settingsFrame() + settingsAck()); }
  RecordingClient events_;
  Http2ClientSession client_;
};

TEST_F(ProxyHttp2Goaway, StreamsAboveTheLastAreRefused) {
  const StreamId one = client_.open(get(), true);
  const StreamId two = client_.open(get(), false);
  take(client_);
  const StreamId unsent = client_.open(get(), true);
  events_.openables = 0;
  client_.receive(goawayFrame(one, NGHTTP2_NO_ERROR));
  EXPECT_TRUE(events_.streams[one].resets.empty());
  EXPECT_EQ(events_.streams[two].resets, std::vector{StreamError::kRefused});
  EXPECT_EQ(events_.streams[unsent].resets, std::vector{StreamError::kRefused});
  EXPECT_EQ(events_.openables, 1);
  EXPECT_EQ(client_.active(), 1U);
  EXPECT_TRUE(only(NGHTTP2_HEADERS, parseFrames(take(client_))).empty());
  client_.receive(headersFrame(one, {{":status", "200"}}, true));
  EXPECT_EQ(events_.streams[one].response.status, 200);
  EXPECT_TRUE(client_.finished());
  EXPECT_EQ(events_.streams[two].resets.size() + events_.streams[unsent].resets.size(), 2U);
}

TEST_F(ProxyHttp2Goaway, WhatWasNotSentIsRefusedByTheFirstGoawayToo) {
  const StreamId sent = client_.open(get(), true);
  take(client_);
  const StreamId unsent = client_.open(get(), true);
  client_.receive(goawayFrame(kHighest, NGHTTP2_NO_ERROR));
  EXPECT_TRUE(client_.leaving());
  EXPECT_TRUE(only(NGHTTP2_HEADERS, parseFrames(take(client_))).empty());
  EXPECT_EQ(events_.streams[unsent].resets, std::vector{StreamError::kRefused});
  EXPECT_TRUE(events_.streams[sent].resets.empty());
  EXPECT_EQ(client_.active(), 1U);
}

TEST_F(ProxyHttp2Goaway, RefusedStreamsMayBeTriedElsewhere) {
  const StreamId id = client_.open(get(), true);
  take(client_);
  client_.receive(rstFrame(id, NGHTTP2_REFUSED_STREAM));
  EXPECT_EQ(events_.streams[id].resets, std::vector{StreamError::kRefused});
  EXPECT_FALSE(client_.leaving());
}

TEST(ProxyHttp2Opens, FollowsTheUpstreamsLimit) {
  RecordingClient events;
  Http2ClientSession client(events);
  EXPECT_EQ(client.opens(), 100U);
  client.receive(settingsFrame({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2}}));
  EXPECT_EQ(client.opens(), 2U);
  EXPECT_EQ(events.openables, 0);
  const StreamId one = client.open(get(), true);
  const StreamId two = client.open(get(), true);
  EXPECT_EQ(client.opens(), 0U);
  take(client);
  client.receive(headersFrame(one, {{":status", "200"}}, true));
  EXPECT_EQ(client.opens(), 1U);
  EXPECT_EQ(events.openables, 1);
  client.receive(headersFrame(two, {{":status", "200"}}, true));
  EXPECT_EQ(client.opens(), 2U);
  EXPECT_EQ(events.openables, 1);
  client.receive(settingsFrame({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}}));
  EXPECT_EQ(client.opens(), Http2Options().maxConcurrentStreams);
  EXPECT_EQ(events.openables, 2);
  client.receive(settingsFrame({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0}}));
  EXPECT_EQ(client.opens(), 0U);
  EXPECT_FALSE(client.leaving());
}

TEST(ProxyHttp2Opens, MoreThanTheUpstreamTakesIsNeverSent) {
  Http2Options few;
  few.maxConcurrentStreams = 3;
  Pair pair(few);
  EXPECT_EQ(pair.client.opens(), 3U);
  for (int i = 0; i < 3; ++i) {
    pair.ask();
  }
  EXPECT_EQ(pair.client.opens(), 0U);
  EXPECT_EQ(pair.server.active(), 3U);
  pair.client.reset(1, StreamError::kCancel);
  EXPECT_EQ(pair.client.opens(), 1U);
  pair.pump();
  EXPECT_EQ(pair.clientEvents.openables, 1);
  pair.ask();
  EXPECT_EQ(pair.server.active(), 3U);
  EXPECT_TRUE(pair.serverEvents.refusals.empty());
}

}  // namespace
}  // namespace hitless::proxy::http2

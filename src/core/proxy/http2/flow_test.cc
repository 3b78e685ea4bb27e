#include <gtest/gtest.h>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

Http2Options windows(std::uint32_t stream, std::uint32_t connection) {
  Http2Options options;
  options.streamWindow = stream;
  options.connectionWindow = connection;
  return options;
}

TEST(ProxyHttp2Flow, WhoDoesNotConsumeGetsNoMoreThanAWindow) {
  Pair pair(windows(100'000, 1'000'000));
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, std::string(300'000, 'x'), true);
  pair.pump();
  EXPECT_EQ(pair.asked(id).body.size(), 100'000U);
  EXPECT_EQ(pair.client.queued(id), 200'000U);
  EXPECT_TRUE(pair.client.output().empty());
  pair.server.consumed(id, 60'000);
  pair.pump();
  EXPECT_EQ(pair.asked(id).body.size(), 160'000U);
  pair.serverEvents.onData = [&](StreamId stream, std::size_t count) {
    pair.server.consumed(stream, count);
  };
  pair.server.consumed(id, 100'000);
  pair.pump();
  EXPECT_EQ(pair.asked(id).body.size(), 300'000U);
  EXPECT_TRUE(pair.asked(id).end);
  EXPECT_EQ(pair.client.queued(id), 0U);
}

TEST(ProxyHttp2Flow, TheSameTowardsTheClient) {
  Pair pair({}, windows(100'000, 1'000'000));
  const StreamId id = pair.ask();
  pair.server.respond(id, status(200), false);
  pair.server.send(id, std::string(300'000, 'x'), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).body.size(), 100'000U);
  EXPECT_FALSE(pair.server.finished());
  pair.client.consumed(id, 100'000);
  pair.pump();
  pair.client.consumed(id, 100'000);
  pair.pump();
  EXPECT_EQ(pair.answered(id).body.size(), 300'000U);
  EXPECT_TRUE(pair.answered(id).end);
}

TEST(ProxyHttp2Flow, TellsWhenAQueueHasRunLow) {
  Pair pair(windows(kHighWater, 1'000'000));
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, std::string(kHighWater, 'x'), false);
  pair.pump();
  EXPECT_EQ(pair.answered(id).drained, 0);
  pair.client.send(id, std::string(kHighWater + 1, 'x'), false);
  pair.pump();
  EXPECT_EQ(pair.answered(id).drained, 0);
  EXPECT_EQ(pair.client.queued(id), kHighWater + 1);
  pair.server.consumed(id, kHighWater);
  pair.pump();
  EXPECT_EQ(pair.client.queued(id), 1U);
  EXPECT_EQ(pair.answered(id).drained, 1);
}

TEST(ProxyHttp2Flow, DrainedIsNotToldWhileTheSessionWrites) {
  Pair pair;
  const StreamId id = pair.ask(get(), false);
  pair.client.send(id, std::string(kHighWater + 1, 'x'), false);
  std::string_view bytes = pair.client.output();
  while (pair.client.queued(id) > kLowWater) {
    pair.client.wrote(bytes.size());
    bytes = pair.client.output();
    ASSERT_FALSE(bytes.empty());
  }
  EXPECT_EQ(pair.answered(id).drained, 0);
  pair.client.wrote(1);
  EXPECT_EQ(pair.answered(id).drained, 1);
}

TEST(ProxyHttp2Flow, AResetStreamGivesItsWindowBack) {
  const Http2Options options = windows(60'000, 70'000);
  Pair pair(options);
  for (int i = 0; i < 10; ++i) {
    const StreamId id = pair.ask(get(), false);
    pair.client.send(id, std::string(60'000, 'x'), false);
    pair.pump();
    ASSERT_EQ(pair.asked(id).body.size(), 60'000U) << i;
    if (i % 2 == 0) {
      pair.client.reset(id, StreamError::kCancel);
    } else {
      pair.server.reset(id, StreamError::kInternal);
    }
    pair.pump();
    pair.server.consumed(id, 60'000);  // Too late; it must not count twice.
  }
  EXPECT_EQ(pair.server.active(), 0U);
}

TEST(ProxyHttp2Flow, AnEndedRequestStillHoldsTheConnectionsWindow) {
  Pair pair(windows(60'000, 70'000));
  const StreamId one = pair.ask(get(), false);
  pair.client.send(one, std::string(60'000, 'x'), true);
  const StreamId two = pair.ask(get(), false);
  pair.client.send(two, std::string(60'000, 'x'), true);
  pair.pump();
  EXPECT_TRUE(pair.asked(one).end);
  EXPECT_EQ(pair.asked(two).body.size(), 10'000U);
  pair.server.consumed(one, 60'000);
  pair.pump();
  EXPECT_EQ(pair.asked(two).body.size(), 60'000U);
}

TEST(ProxyHttp2Flow, AResponseThatEndsGivesTheRestOfTheRequestBack) {
  Pair pair(windows(60'000, 70'000));
  for (int i = 0; i < 5; ++i) {
    const StreamId id = pair.ask(get(), false);
    pair.client.send(id, std::string(60'000, 'x'), true);
    pair.pump();
    ASSERT_TRUE(pair.asked(id).end) << i;
    pair.server.respond(id, status(200), true);
    pair.pump();
  }
}

TEST(ProxyHttp2Flow, DataOfForgottenStreamsIsConsumed) {
  Pair pair(windows(60'000, 70'000));
  for (int i = 0; i < 5; ++i) {
    const StreamId id = pair.ask(get(), false);
    pair.server.reset(id, StreamError::kCancel);
    pair.client.send(id, std::string(60'000, 'x'), false);
    pair.server.receive(take(pair.client));  // Crosses the reset.
    pair.pump();
    EXPECT_EQ(pair.asked(id).body, "");
  }
  // An update of the window comes when half of it is consumed.
  const StreamId last = pair.ask(get(), false);
  pair.client.send(last, std::string(35'000, 'x'), true);
  pair.pump();
  EXPECT_TRUE(pair.asked(last).end);
}

TEST(ProxyHttp2Flow, OneWriteCarriesManyFrames) {
  Pair pair;
  for (int i = 0; i < 10; ++i) {
    pair.client.open(get(), true);
  }
  const std::string_view bytes = pair.client.output();
  EXPECT_EQ(only(NGHTTP2_HEADERS, parseFrames(bytes)).size(), 10U);
  EXPECT_EQ(pair.client.output().data(), bytes.data());
  pair.client.wrote(bytes.size());
}

TEST(ProxyHttp2Flow, PartialWritesLoseNothing) {
  Pair pair;
  const StreamId id = pair.client.open(get(), false);
  pair.client.send(id, std::string(50'000, 'x'), true);
  while (!pair.asked(id).end) {
    const std::string some(pair.client.output().substr(0, 7'000));
    ASSERT_FALSE(some.empty());
    pair.client.wrote(some.size());
    for (const char byte : some) {
      pair.server.receive({&byte, 1});
    }
  }
  EXPECT_EQ(pair.asked(id).body, std::string(50'000, 'x'));
}

}  // namespace
}  // namespace hitless::proxy::http2

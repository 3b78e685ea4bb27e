#include <gtest/gtest.h>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

const Pairs kGet = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};

std::string repeated(const std::string& bytes, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += bytes;
  }
  return out;
}

class ProxyHttp2Flood : public ::testing::Test {
 protected:
  void start(const Http2Options& options = {}) {
    server_ = std::make_unique<Http2ServerSession>(events_, options);
    server_->receive(std::string(kPreface) + settingsFrame() + settingsAck());
    take(*server_);
  }
  /// The connection was ended with this code.
  void expectGoaway(std::uint32_t code) {
    std::uint32_t said = NGHTTP2_NO_ERROR;
    for (const Frame& one : only(NGHTTP2_GOAWAY, parseFrames(take(*server_)))) {
      said = one.word(4);
    }
    EXPECT_EQ(said, code);
    EXPECT_TRUE(server_->finished());
    EXPECT_EQ(server_->active(), 0U);
  }
  RecordingServer events_;
  std::unique_ptr<Http2ServerSession> server_;
};

TEST_F(ProxyHttp2Flood, OfPings) {
  start();
  server_->receive(repeated(pingFrame(), 900));
  EXPECT_EQ(parseFrames(take(*server_)).size(), 900U);
  EXPECT_FALSE(server_->finished());
  server_->receive(repeated(pingFrame(), 1100));
  EXPECT_EQ(events_.refusals.size(), 1U);
  expectGoaway(NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(ProxyHttp2Flood, OfSettings) {
  start();
  server_->receive(repeated(settingsFrame(), 1100));
  expectGoaway(NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(ProxyHttp2Flood, OfEntriesInSettings) {
  start();
  server_->receive(settingsFrame(
      std::vector<std::pair<std::uint16_t, std::uint32_t>>(33, {NGHTTP2_SETTINGS_ENABLE_PUSH, 0})));
  EXPECT_TRUE(server_->output().size() > 0);
  expectGoaway(NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(ProxyHttp2Flood, OfAnswersThatNobodyReads) {
  Http2Options options;
  options.maxQueuedFrames = 50;
  start(options);
  std::string bytes;
  for (StreamId id = 1; id < 400; id += 2) {
    bytes += headersFrame(id, {{":method", "GET"}}, true);
  }
  server_->receive(bytes);
  expectGoaway(NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(ProxyHttp2Flood, OfContinuations) {
  start();
  server_->receive(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, hpack(kGet)));
  server_->receive(repeated(frame(NGHTTP2_CONTINUATION, 0, 1, hpack({{"a", "b"}})), 20));
  EXPECT_FALSE(events_.streams[1].begun);
  EXPECT_FALSE(server_->output().empty());
  take(*server_);
  EXPECT_TRUE(server_->finished());
}

TEST_F(ProxyHttp2Flood, OfResetsIsLimitedByTime) {
  Http2Options options;
  options.resetBurst = 10;
  options.resetsPerSecond = 1;
  start(options);
  for (StreamId id = 1; id < 60; id += 2) {
    server_->receive(headersFrame(id, kGet, true) + rstFrame(id, NGHTTP2_CANCEL));
  }
  take(*server_);
  EXPECT_TRUE(server_->finished());
}

TEST_F(ProxyHttp2Flood, OfResetsAsksTheClientToLeaveAndThenCuts) {
  Http2Options options;
  options.maxUnansweredResets = 10;
  start(options);
  StreamId id = 1;
  for (int i = 0; i < 9; ++i, id += 2) {
    server_->receive(headersFrame(id, kGet, true) + rstFrame(id, NGHTTP2_CANCEL));
  }
  EXPECT_TRUE(take(*server_).empty());
  server_->receive(headersFrame(id, kGet, true) + rstFrame(id, NGHTTP2_CANCEL));
  const std::vector<Frame> notice = only(NGHTTP2_GOAWAY, parseFrames(take(*server_)));
  ASSERT_EQ(notice.size(), 1U);
  EXPECT_EQ(notice[0].word(0), 0x7fffffffU);
  EXPECT_EQ(events_.streams[id].resets, std::vector{StreamError::kCancel});
  EXPECT_FALSE(server_->finished());
  for (int i = 0; i < 10; ++i) {
    id += 2;
    server_->receive(headersFrame(id, kGet, true) + rstFrame(id, NGHTTP2_CANCEL));
  }
  expectGoaway(NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(ProxyHttp2Flood, ResetsAmongServedRequestsAreNone) {
  Http2Options options;
  options.maxUnansweredResets = 10;
  start(options);
  for (StreamId id = 1; id < 200; id += 4) {
    server_->receive(headersFrame(id, kGet, true) + headersFrame(id + 2, kGet, true));
    server_->respond(id, status(200), true);
    take(*server_);
    server_->receive(rstFrame(id + 2, NGHTTP2_CANCEL));
  }
  EXPECT_TRUE(take(*server_).empty());
  EXPECT_FALSE(server_->noticed());
}

TEST_F(ProxyHttp2Flood, OfStreamsEndsTheConnection) {
  Http2Options options;
  options.maxConcurrentStreams = 5;
  start(options);
  std::string bytes;
  for (StreamId id = 1; id <= 9; id += 2) {
    bytes += headersFrame(id, kGet, true);
  }
  server_->receive(bytes);
  EXPECT_EQ(server_->active(), 5U);
  server_->receive(headersFrame(11, kGet, true));
  EXPECT_FALSE(events_.streams[11].begun);
  take(*server_);
  EXPECT_TRUE(server_->finished());
}

TEST_F(ProxyHttp2Flood, StreamsAboveALimitThatTheClientHasNotSeenAreRefused) {
  Http2Options options;
  options.maxConcurrentStreams = 1;
  Http2ServerSession server(events_, options);
  server.receive(std::string(kPreface) + settingsFrame() + headersFrame(1, kGet, true) +
                 headersFrame(3, kGet, true));
  const std::vector<Frame> resets = only(NGHTTP2_RST_STREAM, parseFrames(take(server)));
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].stream, 3U);
  EXPECT_EQ(resets[0].word(0), std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_TRUE(events_.streams[1].begun);
  EXPECT_EQ(server.active(), 1U);
}

/// A request whose fields take `bytes` and a little.
std::string largeRequest(StreamId id, std::size_t bytes, bool end) {
  Pairs fields = kGet;
  for (std::size_t done = 0; done < bytes; done += 1000) {
    fields.emplace_back("x", std::string(967, 'x'));
  }
  const std::string block = hpack(fields);
  std::string out =
      frame(NGHTTP2_HEADERS, end ? NGHTTP2_FLAG_END_STREAM : 0, id, block.substr(0, 16'000));
  for (std::size_t at = 16'000; at < block.size(); at += 16'000) {
    out += frame(NGHTTP2_CONTINUATION, 0, id, block.substr(at, 16'000));
  }
  return out + frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, id);
}

TEST_F(ProxyHttp2Flood, LargeHeadsAreAnswered431) {
  start();
  server_->receive(largeRequest(1, 60'000, true));
  EXPECT_TRUE(events_.streams[1].begun);
  EXPECT_TRUE(events_.refusals.empty());
  server_->receive(largeRequest(3, 67'000, true));
  EXPECT_FALSE(events_.streams[3].begun);
  EXPECT_EQ(events_.refusals,
            (std::vector<std::pair<int, std::string>>{{431, "http2.too_many_headers"}}));
  const std::vector<Frame> frames = parseFrames(take(*server_));
  ASSERT_EQ(only(NGHTTP2_HEADERS, frames).size(), 1U);
  EXPECT_NE(frames[0].payload.find("431"), std::string::npos);
  EXPECT_TRUE(only(NGHTTP2_RST_STREAM, frames).empty());
  server_->receive(largeRequest(5, 67'000, false));
  const std::vector<Frame> more = parseFrames(take(*server_));
  EXPECT_EQ(only(NGHTTP2_HEADERS, more).size(), 1U);
  ASSERT_EQ(only(NGHTTP2_RST_STREAM, more).size(), 1U);
  EXPECT_EQ(only(NGHTTP2_RST_STREAM, more)[0].word(0), std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(server_->active(), 1U);
}

TEST_F(ProxyHttp2Flood, FarTooLargeHeadsAreReset) {
  Http2Options options;
  options.headerListBytes = 1000;
  start(options);
  server_->receive(largeRequest(1, 6000, true));
  const std::vector<Frame> resets = only(NGHTTP2_RST_STREAM, parseFrames(take(*server_)));
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].stream, 1U);
  EXPECT_FALSE(events_.streams[1].begun);
  EXPECT_EQ(events_.refusals.size(), 1U);
  server_->receive(headersFrame(3, kGet, true));
  EXPECT_TRUE(events_.streams[3].begun);
}

TEST_F(ProxyHttp2Flood, LargeTrailersAreReset) {
  Http2Options options;
  options.headerListBytes = 1000;
  start(options);
  server_->receive(headersFrame(1, kGet, false) +
                   headersFrame(1, {{"a", std::string(1000, 'x')}}, true));
  EXPECT_EQ(only(NGHTTP2_RST_STREAM, parseFrames(take(*server_))).size(), 1U);
  EXPECT_EQ(events_.streams[1].resets, std::vector{StreamError::kProtocol});
}

}  // namespace
}  // namespace hitless::proxy::http2

#include <gtest/gtest.h>

#include <set>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

const Pairs kGet = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};

Pairs with(Pairs fields, const Pairs& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

/// Our server towards frames by hand.
class ProxyHttp2Server : public ::testing::Test {
 protected:
  explicit ProxyHttp2Server(const Http2Options& options = {}) : server_(events_, options) {
    server_.receive(std::string(kPreface) + settingsFrame() + settingsAck());
    take(server_);
  }
  /// What the server says to these bytes.
  std::vector<Frame> say(std::string_view bytes) {
    server_.receive(bytes);
    return parseFrames(take(server_));
  }
  std::uint32_t resetCode(const std::vector<Frame>& frames, std::uint32_t stream) {
    const std::vector<Frame> resets = only(NGHTTP2_RST_STREAM, frames);
    EXPECT_EQ(resets.size(), 1U);
    return resets.empty() || resets[0].stream != stream ? 0 : resets[0].word(0);
  }
  std::uint32_t goawayCode(const std::vector<Frame>& frames) {
    const std::vector<Frame> all = only(NGHTTP2_GOAWAY, frames);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? 0 : all[0].word(4);
  }
  /// A request like this never reaches the handler; the stream is reset, the connection lives.
  void expectMalformed(const Pairs& fields) {
    next_ += 2;
    const auto frames = say(headersFrame(next_, fields, true));
    EXPECT_EQ(resetCode(frames, next_), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
    EXPECT_FALSE(events_.streams[next_].begun);
    EXPECT_TRUE(events_.streams[next_].resets.empty());
    EXPECT_FALSE(events_.refusals.empty());
    events_.refusals.clear();
    EXPECT_EQ(server_.active(), 0U);
    EXPECT_TRUE(only(NGHTTP2_GOAWAY, frames).empty());
    EXPECT_TRUE(server_.reads());
  }
  RequestHead accepted(const Pairs& fields) {
    next_ += 2;
    const auto frames = say(headersFrame(next_, fields, true));
    EXPECT_TRUE(only(NGHTTP2_RST_STREAM, frames).empty());
    EXPECT_TRUE(events_.streams[next_].begun);
    server_.respond(next_, status(204), true);
    take(server_);
    return events_.streams[next_].request;
  }

  RecordingServer events_;
  Http2ServerSession server_;
  StreamId next_ = static_cast<StreamId>(-1);
};

TEST_F(ProxyHttp2Server, ConnectionSpecificFieldsAreMalformed) {
  expectMalformed(with(kGet, {{"connection", "close"}}));
  expectMalformed(with(kGet, {{"keep-alive", "5"}}));
  expectMalformed(with(kGet, {{"proxy-connection", "close"}}));
  expectMalformed(with(kGet, {{"transfer-encoding", "chunked"}}));
  expectMalformed(with(kGet, {{"upgrade", "websocket"}}));
  expectMalformed(with(kGet, {{"te", "gzip"}}));
  expectMalformed(with(kGet, {{"te", "trailers, deflate"}}));
  EXPECT_TRUE(accepted(with(kGet, {{"te", "trailers"}})).acceptsTrailers);
}

TEST_F(ProxyHttp2Server, NamesAndValuesAreChecked) {
  expectMalformed(with(kGet, {{"Upper", "x"}}));
  expectMalformed(with(kGet, {{"", "x"}}));
  expectMalformed(with(kGet, {{"a b", "x"}}));
  expectMalformed(with(kGet, {{"a:b", "x"}}));
  expectMalformed(with(kGet, {{"a", "x\r\ny: z"}}));
  expectMalformed(with(kGet, {{"a", "x\ny"}}));
  expectMalformed(with(kGet, {{"a", std::string("x\0y", 3)}}));
  expectMalformed(with(kGet, {{"a", " x"}}));
  expectMalformed(with(kGet, {{"a", "x\t"}}));
  EXPECT_EQ(accepted(with(kGet, {{"a", "x y\t\xff"}})).fields.find("a"), "x y\t\xff");
  EXPECT_EQ(accepted(with(kGet, {{"a", ""}})).fields.find("a"), "");
}

TEST_F(ProxyHttp2Server, PseudoHeaderFieldsAreChecked) {
  expectMalformed({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}});
  expectMalformed({{":method", "GET"}, {":path", "/"}, {":authority", "a"}});
  expectMalformed({{":scheme", "http"}, {":path", "/"}, {":authority", "a"}});
  expectMalformed({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}});
  expectMalformed(with(kGet, {{":path", "/"}}));
  expectMalformed(with(kGet, {{":status", "200"}}));
  expectMalformed(with(kGet, {{":unknown", "x"}}));
  expectMalformed(with({{"a", "b"}}, kGet));
  expectMalformed({{":method", "GET"}, {":scheme", "http"}, {":path", ""}, {":authority", "a"}});
  expectMalformed({{":method", "G T"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}});
  expectMalformed({{":method", "GET"}, {":scheme", "http"}, {":path", "a"}, {":authority", "a"}});
  expectMalformed(
      {{":method", "CONNECT"}, {":path", "/"}, {":scheme", "http"}, {":authority", "a"}});
  EXPECT_EQ(
      accepted({{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}, {":authority", "a"}})
          .path,
      "*");
}

TEST_F(ProxyHttp2Server, HostStandsInForAuthorityAndMustNotContradictIt) {
  const Pairs bare = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}};
  EXPECT_EQ(accepted(with(bare, {{"host", "h:8080"}})).authority, "h:8080");
  const RequestHead both = accepted(with(kGet, {{"host", "A:80"}}));
  EXPECT_EQ(both.authority, "a");
  EXPECT_TRUE(both.fields.empty());
  expectMalformed(with(kGet, {{"host", "b"}}));
  expectMalformed(with(kGet, {{"host", "a:8080"}}));
  expectMalformed(with(bare, {{"host", "a"}, {"host", "a"}}));
}

TEST_F(ProxyHttp2Server, CookieCrumbsAreJoined) {
  const RequestHead head =
      accepted(with(kGet, {{"cookie", "a=b"}, {"x", "y"}, {"cookie", "c=d"}, {"cookie", "e"}}));
  EXPECT_EQ(head.fields, (Fields{{"x", "y"}, {"cookie", "a=b; c=d; e"}}));
}

TEST_F(ProxyHttp2Server, ContentLengthIsTakenAtItsWord) {
  expectMalformed(with(kGet, {{"content-length", "1"}}));
  expectMalformed(with(kGet, {{"content-length", "x"}}));
  expectMalformed(with(kGet, {{"content-length", "0"}, {"content-length", "0"}}));
  const Pairs fields = with(kGet, {{"content-length", "5"}});
  next_ += 2;
  auto frames = say(headersFrame(next_, fields, false) + dataFrame(next_, "1234", true));
  EXPECT_EQ(resetCode(frames, next_), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(events_.streams[next_].resets, std::vector{StreamError::kProtocol});
  EXPECT_FALSE(events_.streams[next_].end);
  next_ += 2;
  frames = say(headersFrame(next_, fields, false) + dataFrame(next_, "123456", false));
  EXPECT_EQ(resetCode(frames, next_), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(events_.streams[next_].resets, std::vector{StreamError::kProtocol});
  next_ += 2;
  say(headersFrame(next_, fields, false) + dataFrame(next_, "12345", true));
  EXPECT_TRUE(events_.streams[next_].end);
}

TEST_F(ProxyHttp2Server, TrailersEndTheStreamAndHaveNoPseudoHeaderFields) {
  auto frames = say(headersFrame(1, kGet, false) + headersFrame(1, {{"a", "b"}}, false));
  EXPECT_EQ(resetCode(frames, 1), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  frames = say(headersFrame(3, kGet, false) + headersFrame(3, {{":path", "/"}}, true));
  EXPECT_EQ(resetCode(frames, 3), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  say(headersFrame(5, kGet, false) + headersFrame(5, {{"a", "b"}}, true));
  EXPECT_EQ(events_.streams[1].resets, std::vector{StreamError::kProtocol});
  EXPECT_EQ(events_.streams[3].resets, std::vector{StreamError::kProtocol});
  EXPECT_EQ(events_.streams[5].trailers, (Fields{{"a", "b"}}));
}

TEST_F(ProxyHttp2Server, AViolationEndsTheConnectionAndItsStreams) {
  say(headersFrame(1, kGet, true));
  const auto frames = say(dataFrame(0, "x", false));
  EXPECT_EQ(goawayCode(frames), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(events_.streams[1].resets, std::vector{StreamError::kProtocol});
  EXPECT_EQ(events_.refusals,
            (std::vector<std::pair<int, std::string>>{{0, "http2.protocol_error"}}));
  EXPECT_TRUE(server_.finished());
  EXPECT_TRUE(server_.noticed());
  EXPECT_FALSE(server_.reads());
  say(headersFrame(3, kGet, true));
  EXPECT_FALSE(events_.streams[3].begun);
}

TEST_F(ProxyHttp2Server, RulesThatTheLibraryDoesNotHoldPeersTo) {
  RecordingServer events;
  Http2ServerSession server(events);
  server.receive(std::string(kPreface) + settingsFrame() +
                 frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, hpack(kGet)));
  server.receive(frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1,
                       hpack({{"x", std::string(16'384, 'y')}})));
  EXPECT_FALSE(events.streams[1].begun);
  EXPECT_EQ(goawayCode(parseFrames(take(server))), std::uint32_t{NGHTTP2_FRAME_SIZE_ERROR});
  EXPECT_TRUE(server.finished());
  EXPECT_EQ(goawayCode(say(frame(NGHTTP2_PRIORITY, 0, 0, "12345"))),
            std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
}

TEST_F(ProxyHttp2Server, WindowsAreEnforced) {
  const std::string piece(16'384, 'x');
  say(headersFrame(1, kGet, false));
  for (std::size_t sent = 0; sent < Http2Options().streamWindow; sent += piece.size()) {
    EXPECT_TRUE(say(dataFrame(1, piece, false)).empty());
  }
  const auto frames = say(dataFrame(1, "x", false));
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames[0].type == NGHTTP2_GOAWAY ? frames[0].word(4) : frames[0].word(0),
            std::uint32_t{NGHTTP2_FLOW_CONTROL_ERROR});
  EXPECT_EQ(events_.streams[1].resets, std::vector{StreamError::kProtocol});
}

TEST_F(ProxyHttp2Server, ABadPrefaceIsAnsweredByGoaway) {
  RecordingServer events;
  Http2ServerSession server(events);
  server.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(goawayCode(parseFrames(take(server))), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(events.refusals, (std::vector<std::pair<int, std::string>>{{0, "http2.bad_preface"}}));
  EXPECT_TRUE(server.finished());
}

/// Our client towards frames by hand.
class ProxyHttp2Client : public ::testing::Test {
 protected:
  ProxyHttp2Client() : client_(events_) { client_.receive(settingsFrame() + settingsAck()); }
  Heard& answered(const Pairs& fields, bool end = true) {
    id_ = client_.open(get(), true);
    take(client_);
    client_.receive(headersFrame(id_, fields, end));
    take(client_);
    return events_.streams[id_];
  }
  void expectMalformed(const Pairs& fields) {
    const Heard& heard = answered(fields);
    EXPECT_FALSE(heard.begun);
    EXPECT_EQ(heard.resets, std::vector{StreamError::kProtocol});
    EXPECT_EQ(client_.active(), 0U);
    EXPECT_FALSE(client_.leaving());
  }
  RecordingClient events_;
  Http2ClientSession client_;
  StreamId id_ = 0;
};

TEST_F(ProxyHttp2Client, MalformedResponsesAreResets) {
  expectMalformed({{"a", "b"}});
  expectMalformed({{":status", "2x0"}});
  expectMalformed({{":status", "200"}, {"connection", "close"}});
  expectMalformed({{":status", "200"}, {"a", "b\r\nc: d"}});
  expectMalformed({{":status", "200"}, {"A", "b"}});
  expectMalformed({{":status", "200"}, {":path", "/"}});
  expectMalformed({{":status", "101"}});
  expectMalformed({{":status", "100"}});
  expectMalformed({{":status", "200"}, {"content-length", "3"}});
}

TEST_F(ProxyHttp2Client, AnUpstreamsBlanksAroundValuesAreTakenOff) {
  EXPECT_EQ(answered({{":status", "200"}, {"a", " b\t"}}).response.fields, (Fields{{"a", "b"}}));
}

TEST_F(ProxyHttp2Client, AStopOfTheRequestAfterTheResponseIsNoError) {
  const StreamId id = client_.open(get(), false);
  take(client_);
  client_.receive(headersFrame(id, {{":status", "200"}}, true) + rstFrame(id, NGHTTP2_NO_ERROR));
  EXPECT_TRUE(events_.streams[id].end);
  EXPECT_EQ(events_.streams[id].resets, std::vector{StreamError::kNone});
}

TEST_F(ProxyHttp2Client, AViolationEndsTheConnectionAndItsStreams) {
  const StreamId id = client_.open(get(), true);
  take(client_);
  client_.receive(frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, id, number(2, 4)));
  const std::vector<Frame> goaways = only(NGHTTP2_GOAWAY, parseFrames(take(client_)));
  ASSERT_EQ(goaways.size(), 1U);
  EXPECT_EQ(goaways[0].word(4), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(events_.streams[id].resets, std::vector{StreamError::kProtocol});
  EXPECT_TRUE(client_.leaving());
  EXPECT_TRUE(client_.finished());
}

TEST_F(ProxyHttp2Client, LargeHeadsAreNotTaken) {
  Pairs fields = {{":status", "200"}};
  for (int i = 0; i < 9; ++i) {
    fields.emplace_back("x", std::string(7900, 'x'));
  }
  const std::string block = hpack(fields);
  const StreamId id = client_.open(get(), true);
  take(client_);
  client_.receive(frame(NGHTTP2_HEADERS, 0, id, block.substr(0, 16'000)));
  for (std::size_t at = 16'000; at < block.size(); at += 16'000) {
    client_.receive(frame(NGHTTP2_CONTINUATION,
                          at + 16'000 < block.size() ? 0 : NGHTTP2_FLAG_END_HEADERS, id,
                          block.substr(at, 16'000)));
  }
  EXPECT_FALSE(events_.streams[id].begun);
  EXPECT_EQ(events_.streams[id].resets, std::vector{StreamError::kProtocol});
  take(client_);
  EXPECT_FALSE(client_.leaving());
}

}  // namespace
}  // namespace hitless::proxy::http2

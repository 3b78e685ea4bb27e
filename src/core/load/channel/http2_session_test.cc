#include "core/load/channel/http2_session.h"

#include <gtest/gtest.h>

#include "core/load/channel/grpc_status.h"
#include "core/load/channel/http2_peer_fixture.h"
#include "testing/fake_rng.h"

namespace hitless::load {
namespace {

class LoadHttp2 : public ::testing::Test {
 protected:
  explicit LoadHttp2(const char* url = "grpc://web:8080/a.B/C message=hi")
      : request_(http2Request(*parseLoadSpec(url), "web:8080")), session_(request_) {
    peer_.greet();
    exchange();
  }
  /// Until neither side has more to say.
  void exchange() {
    for (bool more = true; more;) {
      const std::string sent{session_.output()};
      session_.take(sent.size());
      EXPECT_TRUE(peer_.feed(sent));
      const std::string received = peer_.output();
      session_.feed(received);
      more = !sent.empty() || !received.empty();
    }
  }
  StreamEnd onlyEnd() {
    exchange();
    const auto ended = session_.takeEnded();
    EXPECT_EQ(ended.size(), 1U);
    return ended.empty() ? StreamEnd{} : ended[0];
  }

  Http2Peer peer_;
  Http2Request request_;
  Http2Session session_;
};

TEST_F(LoadHttp2, SendsAnRpcAsGrpcDoes) {
  EXPECT_TRUE(session_.ready());
  const auto stream = session_.submit();
  ASSERT_EQ(stream, 1);
  exchange();
  const auto& request = peer_.requests[1];
  EXPECT_TRUE(request.whole);
  EXPECT_EQ(request.body, std::string("\0\0\0\0\2hi", 7));
  EXPECT_EQ(request.headers,
            (std::map<std::string, std::string>{{":method", "POST"},
                                                {":scheme", "http"},
                                                {":path", "/a.B/C"},
                                                {":authority", "web:8080"},
                                                {"te", "trailers"},
                                                {"content-type", "application/grpc"},
                                                {"user-agent", "hitless-load"}}));
  EXPECT_FALSE(session_.responding(1));
  peer_.ok(1);
  const StreamEnd end = onlyEnd();
  EXPECT_TRUE(end.complete);
  EXPECT_EQ(end.status, 200);
  ASSERT_TRUE(end.grpc);
  EXPECT_EQ(end.grpc->code, kGrpcOk);
  EXPECT_EQ(session_.open(), 0U);
}

TEST_F(LoadHttp2, ReadsAStatusAndItsMessage) {
  session_.submit();
  exchange();
  peer_.answer(1, {{":status", "200"}, {"grpc-status", "14"}, {"grpc-message", "gone%20%e2 100%"}});
  const StreamEnd end = onlyEnd();
  ASSERT_TRUE(end.grpc);
  EXPECT_EQ(end.grpc->code, 14);
  EXPECT_EQ(end.grpc->message, "gone ? 100%");
}

TEST_F(LoadHttp2, TellsAResetFromWhatGoawayLeftOut) {
  for (int i = 0; i < 3; ++i) {
    session_.submit();
  }
  exchange();
  peer_.reset(1, NGHTTP2_REFUSED_STREAM);
  exchange();
  peer_.goaway(3);
  exchange();
  EXPECT_EQ(session_.goaway(), 0U);
  EXPECT_FALSE(session_.submit());
  const auto ended = session_.takeEnded();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].stream, 1);
  EXPECT_EQ(ended[0].reset, std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_FALSE(ended[0].unprocessed);
  EXPECT_EQ(ended[1].stream, 5);
  EXPECT_TRUE(ended[1].unprocessed);
  peer_.ok(3);
  EXPECT_TRUE(onlyEnd().complete);
  EXPECT_TRUE(session_.finished());
}

TEST_F(LoadHttp2, RequestsBeyondThePeersLimitWaitAndGoawayEndsThem) {
  peer_.greet(1);
  exchange();
  session_.submit();
  session_.submit();
  exchange();
  EXPECT_EQ(peer_.requests.size(), 1U);
  peer_.shutdownNotice();
  exchange();
  const auto ended = session_.takeEnded();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].stream, 3);
  EXPECT_TRUE(ended[0].unprocessed);
}

TEST_F(LoadHttp2, WhatIsGivenUpIsReset) {
  const auto stream = session_.submit();
  exchange();
  session_.cancel(*stream);
  exchange();
  EXPECT_EQ(peer_.cancelled, std::vector<std::int32_t>{*stream});
  EXPECT_TRUE(session_.takeEnded().empty());
}

TEST_F(LoadHttp2, SaysWhatIsWrongWithAPeerThatSpeaksSomethingElse) {
  Http2Session session(request_);
  session.output();
  session.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  session.output();
  EXPECT_NE(session.error(), "");
  EXPECT_FALSE(session.ready());
  EXPECT_FALSE(session.submit());
}

/// What a server says in a conversation with most kinds of frames.
std::string conversation(const Http2Request& request) {
  Http2Peer peer;
  Http2Session session(request);
  peer.greet();
  std::string said;
  const auto exchange = [&] {
    for (int i = 0; i < 4; ++i) {
      const std::string sent{session.output()};
      session.take(sent.size());
      peer.feed(sent);
      const std::string received = peer.output();
      session.feed(received);
      said += received;
    }
  };
  for (int i = 0; i < 4; ++i) {
    session.submit();
  }
  exchange();
  peer.ok(1);
  peer.answer(3, {{":status", "503"}});
  peer.reset(5, NGHTTP2_REFUSED_STREAM);
  peer.shutdownNotice();
  exchange();
  peer.goaway(5);
  exchange();
  return said;
}

TEST_F(LoadHttp2, SurvivesAnyBytes) {
  const std::string good = conversation(request_);
  testing::FakeRng rng;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (std::uint64_t i = rng.below(8); i > 0; --i) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
    }
    bytes.resize(bytes.size() - rng.below(bytes.size() / 2));
    Http2Session session(request_);
    std::size_t started = 0;
    for (int i = 0; i < 4; ++i) {
      started += session.submit() ? 1 : 0;
    }
    std::size_t ended = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      session.take(session.output().size());
      const std::size_t size = std::min<std::size_t>(1 + rng.below(60), bytes.size() - at);
      session.feed(std::string_view(bytes).substr(at, size));
      at += size;
      ended += session.takeEnded().size();
    }
    session.take(session.output().size());
    ended += session.takeEnded().size();
    ASSERT_EQ(ended + session.open(), started) << "each stream ends once";
  }
}

TEST(LoadGrpcStatus, ComesFromResetsAndFromHttpWhereThereIsNone) {
  EXPECT_EQ(grpcStatusOfReset(NGHTTP2_REFUSED_STREAM), kGrpcUnavailable);
  EXPECT_EQ(grpcStatusOfReset(NGHTTP2_INTERNAL_ERROR), kGrpcInternal);
  EXPECT_EQ(grpcStatusOfHttp(503), kGrpcUnavailable);
  EXPECT_EQ(grpcStatusOfHttp(404), 12);
  EXPECT_EQ(grpcStatusOfHttp(200), kGrpcUnknown);
  EXPECT_EQ(grpcStatusName(14), "UNAVAILABLE");
  EXPECT_EQ(grpcStatusName(99), "code 99");
  EXPECT_EQ(decodeGrpcMessage(std::string(1000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace hitless::load

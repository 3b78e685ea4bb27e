#include "core/load/channel/channel_load.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "core/load/channel/http2_peer_fixture.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::load {
namespace {

/// A wire whose other end is the test.
class LoadOverChannels : public ::testing::Test, public Wire {
 protected:
  void open(const std::string& words) {
    spec_ = *parseLoadSpec(words);
    recorder_.emplace(spec_, clock_.mono(), clock_.wall());
    load_.emplace(spec_, rng_, *this, *recorder_, lookup_);
  }
  MonoTime now() const { return clock_.mono(); }
  void start(int count = 1) {
    for (int i = 0; i < count; ++i) {
      load_->start(now(), now());
    }
    load_->settle(now());
  }
  /// The connection that was dialled as number `index` is accepted.
  Http2Peer& accept(std::size_t index) {
    Peer& peer = *peers_[index];
    load_->onConnected(peer.id, {*IpAddress::parse("10.0.0.99"), 40000}, now());
    peer.http2.greet();
    exchange(index);
    return peer.http2;
  }
  void refuse(std::size_t index) {
    load_->onClosed(peers_[index]->id, {Phase::kConnecting, ECONNREFUSED}, now());
    load_->settle(now());
  }
  void cut(std::size_t index, int error) {
    load_->onClosed(peers_[index]->id, {Phase::kAwaitingResponse, error}, now());
    load_->settle(now());
  }
  void exchange(std::size_t index) {
    for (int i = 0; i < 4; ++i) {
      load_->settle(now());
      const std::string bytes = peers_[index]->http2.output();
      if (!bytes.empty()) {
        load_->onBytes(peers_[index]->id, bytes, now());
      }
    }
    load_->settle(now());
  }
  void pass(nanoseconds time) {
    clock_.advance(time);
    load_->tick(now());
    load_->settle(now());
  }
  const LoadResult& finish() {
    load_->finish(now());
    result_ = std::move(*recorder_).finish(0, now(), "");
    return result_;
  }
  /// Ids of the causes, in order.
  static std::vector<std::string> causesOf(const FailureList& list) {
    std::vector<std::string> out;
    for (const Failure& failure : list.listed) {
      out.emplace_back(info(failure.cause).id);
    }
    return out;
  }
  using Causes = std::vector<std::string>;

  struct Peer {
    ConnectionId id;
    Endpoint destination;
    Http2Peer http2;
    bool closed = false;
  };
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::pair<std::size_t, std::string>> asked_;
  testing::FakeClock clock_;
  std::optional<ChannelLoad> load_;

 private:
  void connect(ConnectionId id, const Endpoint& destination) override {
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->id = id;
    peers_.back()->destination = destination;
  }
  Peer& peerOf(ConnectionId id) {
    return **std::find_if(peers_.rbegin(), peers_.rend(),
                          [id](const auto& peer) { return peer->id == id; });
  }
  void write(ConnectionId id) override {
    const std::string bytes{load_->output(id)};
    load_->wrote(id, bytes.size(), now());
    EXPECT_TRUE(peerOf(id).http2.feed(bytes));
  }
  void close(ConnectionId id) override { peerOf(id).closed = true; }
  void resolve(std::size_t channel, const std::string& host) override {
    asked_.emplace_back(channel, host);
  }

  LoadSpec spec_;
  testing::FakeRng rng_;
  NoBackendLookup lookup_{""};
  std::optional<Recorder> recorder_;
  LoadResult result_;
};

TEST_F(LoadOverChannels, RpcsWaitForTheConnectionAndShareIt) {
  open("grpc://10.0.0.1:8080");
  start(3);
  ASSERT_EQ(peers_.size(), 1U);
  EXPECT_EQ(peers_[0]->destination.text(), "10.0.0.1:8080");
  Http2Peer& peer = accept(0);
  ASSERT_EQ(peer.requests.size(), 3U);
  EXPECT_EQ(load_->outstanding(), 3U);
  for (const std::int32_t stream : {1, 3, 5}) {
    peer.ok(stream);
  }
  exchange(0);
  EXPECT_EQ(load_->outstanding(), 0U);
  const LoadResult& result = finish();
  EXPECT_EQ(result.succeeded, 3U);
  EXPECT_EQ(result.connectionsOpened, 1U);
  EXPECT_EQ(result.grpcStatuses, (std::map<int, std::uint64_t>{{0, 3}}));
  EXPECT_EQ(result.statuses, (std::map<int, std::uint64_t>{{200, 3}}));
}

TEST_F(LoadOverChannels, WhoWaitedSharesTheRefusalAndWhoComesLaterTheBackoff) {
  open("grpc://10.0.0.1:8080");
  start(2);
  refuse(0);
  clock_.advance(milliseconds{500});
  start();
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.failures),
            (Causes{"connection-refused", "connection-refused", "rpc-unavailable-backoff"}));
  const Failure& waited = result.failures.listed[0];
  EXPECT_EQ(waited.grpc->code, 14);
  EXPECT_EQ(waited.errorName, "ECONNREFUSED");
  EXPECT_EQ(waited.destination->text(), "10.0.0.1:8080");
  EXPECT_TRUE(waited.connect);
  const Failure& later = result.failures.listed[2];
  EXPECT_EQ(later.backoffUntil, result.started + seconds{1});
  EXPECT_EQ(later.detail, "last attempt: 10.0.0.1:8080: connection refused");
}

TEST_F(LoadOverChannels, AnRpcIsLostOnlyWhenAllHostsAreUnavailable) {
  open("grpc://10.0.0.1:8080,10.0.0.2:8080");
  start();
  refuse(0);
  ASSERT_EQ(peers_.size(), 2U) << "the second host is dialled when it is needed";
  Http2Peer& second = accept(1);
  second.ok(1);
  exchange(1);
  start();  // the first host's channel waits; the second is there
  second.ok(3);
  exchange(1);
  cut(1, 0);
  start();
  refuse(2);
  const LoadResult& result = finish();
  EXPECT_EQ(result.succeeded, 2U);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_EQ(causesOf(result.retries),
            (Causes{"connection-refused", "rpc-unavailable-backoff", "rpc-unavailable-backoff"}));
  EXPECT_EQ(result.retries.listed[0].host, "10.0.0.1:8080");
  EXPECT_EQ(causesOf(result.failures), (Causes{"connection-refused"}));
  EXPECT_EQ(result.failures.listed[0].host, "10.0.0.2:8080");
  EXPECT_EQ(result.failures.listed[0].attempt, 2);
  EXPECT_EQ(result.reconnects.count, 1U) << "the second host's channel never came back";
}

TEST_F(LoadOverChannels, GoawayMovesNewRpcsAndTheUnprocessedOnesToANewConnection) {
  open("grpc://10.0.0.1:8080");
  start(2);
  Http2Peer& old = accept(0);
  old.goaway(1);
  exchange(0);
  ASSERT_EQ(peers_.size(), 2U);
  Http2Peer& fresh = accept(1);
  ASSERT_EQ(fresh.requests.size(), 1U);
  fresh.ok(1);
  exchange(1);
  EXPECT_FALSE(peers_[0]->closed) << "a stream is still on it";
  old.ok(1);
  exchange(0);
  EXPECT_TRUE(peers_[0]->closed);
  const LoadResult& result = finish();
  EXPECT_EQ(result.succeeded, 2U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(causesOf(result.retries), (Causes{"goaway-unprocessed"}));
  EXPECT_EQ(result.retries.listed[0].goaway, 0U);
  EXPECT_EQ(result.reconnects.count, 1U);
}

TEST_F(LoadOverChannels, WhatIsRefusedIsSentAgainOnce) {
  open("grpc://10.0.0.1:8080");
  start();
  Http2Peer& peer = accept(0);
  peer.reset(1, NGHTTP2_REFUSED_STREAM);
  exchange(0);
  ASSERT_EQ(peer.requests.size(), 2U);
  peer.reset(3, NGHTTP2_REFUSED_STREAM);
  exchange(0);
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.retries), (Causes{"stream-refused"}));
  EXPECT_EQ(causesOf(result.failures), (Causes{"stream-refused"}));
  EXPECT_EQ(result.failures.listed[0].reset, std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_EQ(result.failures.listed[0].attempt, 2);
}

TEST_F(LoadOverChannels, ACutConnectionFailsWhatWasOnIt) {
  open("grpc://10.0.0.1:8080");
  start();
  accept(0).ok(1);
  exchange(0);
  start(2);
  cut(0, ECONNRESET);
  clock_.advance(milliseconds{10});
  start();
  EXPECT_EQ(peers_.size(), 2U);
  clock_.advance(milliseconds{5});
  accept(1).ok(1);
  exchange(1);
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.failures),
            (Causes{"reset-after-request-written", "reset-after-request-written"}));
  EXPECT_TRUE(result.failures.listed[0].reusedConnection);
  EXPECT_TRUE(result.failures.listed[0].written);
  EXPECT_EQ(result.failures.listed[0].errorName, "ECONNRESET");
  ASSERT_EQ(result.reconnects.count, 1U);
  EXPECT_EQ(result.reconnects.longest, milliseconds{5}) << "from the first RPC that had to wait";
  EXPECT_EQ(result.reconnects.listed[0].attempts, 1U);
}

TEST_F(LoadOverChannels, ABlackHoleCostsTheConnectTimeout) {
  open("grpc://10.0.0.1:8080,10.0.0.2:8080");
  start();
  pass(milliseconds{19'999});
  EXPECT_EQ(peers_.size(), 1U);
  pass(milliseconds{1});
  EXPECT_TRUE(peers_[0]->closed);
  ASSERT_EQ(peers_.size(), 3U) << "the first host once more, and the second";
  EXPECT_EQ(peers_[2]->destination.text(), "10.0.0.2:8080");
  accept(2).ok(1);
  exchange(2);
  const LoadResult& result = finish();
  EXPECT_EQ(result.succeeded, 1U);
  EXPECT_EQ(causesOf(result.retries), (Causes{"connect-timeout"}));
}

TEST_F(LoadOverChannels, TimeEndsWhatWaitsForAnAddressAConnectionOrAnAnswer) {
  open("grpc://web:8080 timeout=1s");
  start();
  pass(seconds{1});
  ASSERT_EQ(asked_.size(), 1U);
  load_->onResolved(0, {*IpAddress::parse("10.0.0.1")}, now());
  start();
  pass(seconds{1});
  Http2Peer& peer = accept(0);
  start();
  pass(seconds{1});
  exchange(0);
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.failures),
            (Causes{"name-not-resolved", "connect-timeout", "response-timeout"}));
  EXPECT_EQ(result.grpcStatuses, (std::map<int, std::uint64_t>{{4, 3}}));
  EXPECT_EQ(result.failures.listed[1].resolved, result.started + seconds{1});
  EXPECT_EQ(peer.cancelled.size(), 1U);
}

TEST_F(LoadOverChannels, ANameThatIsUnknownIsSaidToBe) {
  open("grpc://web:8080");
  start();
  load_->onNotResolved(0, "no address for web", now());
  load_->settle(now());
  start();
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.failures), (Causes{"name-not-resolved", "name-not-resolved"}));
  EXPECT_EQ(result.failures.listed[0].detail, "no address for web");
}

TEST_F(LoadOverChannels, AStatusIsTheApplicationsAndOnlyUnavailableGoesOn) {
  open("grpc://10.0.0.1:8080,10.0.0.2:8080");
  start(2);
  Http2Peer& peer = accept(0);
  peer.answer(1, {{":status", "200"}, {"grpc-status", "5"}, {"grpc-message", "no such thing"}});
  peer.answer(3, {{":status", "503"}});
  exchange(0);
  ASSERT_EQ(peers_.size(), 2U);
  accept(1).ok(1);
  exchange(1);
  const LoadResult& result = finish();
  EXPECT_EQ(causesOf(result.failures), (Causes{"rpc-status"}));
  EXPECT_EQ(result.failures.listed[0].grpc, (GrpcStatus{5, "no such thing"}));
  EXPECT_EQ(causesOf(result.retries), (Causes{"http-5xx"}));
  EXPECT_EQ(result.succeeded, 1U);
}

TEST_F(LoadOverChannels, ClientsTakeTurnsAndHaveConnectionsOfTheirOwn) {
  open("grpc://10.0.0.1:8080 connections=2");
  start(4);
  ASSERT_EQ(peers_.size(), 2U);
  EXPECT_EQ(accept(0).requests.size(), 2U);
  EXPECT_EQ(accept(1).requests.size(), 2U);
}

TEST_F(LoadOverChannels, PlainHttp2CountsStatusesAndAsksAgainForEachConnection) {
  open("h2c://web:8080/x");
  start();
  ASSERT_EQ(asked_.size(), 1U);
  load_->onResolved(0, {*IpAddress::parse("10.0.0.1")}, now());
  load_->settle(now());
  Http2Peer& peer = accept(0);
  peer.answer(1, {{":status", "204"}});
  start();
  exchange(0);
  peer.answer(3, {{":status", "404"}});
  exchange(0);
  cut(0, 0);
  start();
  ASSERT_EQ(asked_.size(), 2U);
  load_->onNotResolved(0, "no address", now());
  load_->settle(now());
  const LoadResult& result = finish();
  EXPECT_EQ(result.succeeded, 1U);
  EXPECT_EQ(result.statuses, (std::map<int, std::uint64_t>{{204, 1}, {404, 1}}));
  EXPECT_TRUE(result.grpcStatuses.empty());
  EXPECT_EQ(result.connectionsClosedIdle, 1U);
  EXPECT_EQ(result.failures.listed[0].status, 404);
  EXPECT_EQ(causesOf(result.failures), (Causes{"http-4xx", "name-not-resolved"}));
}

TEST_F(LoadOverChannels, APeerThatSpeaksSomethingElseIsMalformed) {
  open("grpc://10.0.0.1:8080");
  start();
  load_->onConnected(peers_[0]->id, {}, now());
  load_->settle(now());
  load_->onBytes(peers_[0]->id, "HTTP/1.1 400 Bad Request\r\n\r\n", now());
  load_->settle(now());
  EXPECT_TRUE(peers_[0]->closed);
  EXPECT_EQ(causesOf(finish().failures), (Causes{"malformed-response"}));
}

}  // namespace
}  // namespace hitless::load

#include "core/dns/forwarder_fixture.h"

/// Stale answers and prefetch: what a forwarder's cache and its upstreams make of each other.
namespace hitless::dns {
namespace {

using namespace hitless::testing;

struct DnsForwarderStale : ForwarderFixture {};

const DnsAsk kWeb{"web.example.", Type::kA, 0x1234, kFlagRecursionDesired, 1232};

TEST_F(DnsForwarderStale, ServesStaleIfTheUpstreamTakesTooLong) {
  const int first = ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_TRUE(answerTo(first));
  clock.advance(seconds(100));
  const int second = ask(kWeb);
  advance(milliseconds(1799));
  EXPECT_FALSE(answerTo(second));
  advance(milliseconds(1));
  ASSERT_TRUE(answerTo(second));
  EXPECT_EQ(answerTo(second)->ttls[0], 30U);
  EXPECT_EQ(answerTo(second)->extendedError, 3);
  EXPECT_TRUE(answerTo(ask(kWeb)));  // Nobody waits again.
  // The upstream is still waited for, and what it says is kept.
  give(last(), {{a(60, "10.0.0.2")}});
  const int third = ask(kWeb);
  ASSERT_TRUE(answerTo(third));
  EXPECT_EQ(answerTo(third)->ttls[0], 60U);
  EXPECT_EQ(answerTo(third)->extendedError, -1);
}

TEST_F(DnsForwarderStale, ServesStaleThroughAnOutage) {
  ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}});
  clock.advance(seconds(100));
  const int failed = ask(kWeb);
  give(last(), {{}, {}, {}, Rcode::kServFail});
  EXPECT_EQ(rcodeOf(failed), Rcode::kNoError);
  for (int i = 0; i < 60; ++i) {
    advance(seconds(30));
    EXPECT_TRUE(answerTo(ask(kWeb))) << i;  // At once.
  }
  EXPECT_GT(asked(), 60U);  // And each time the upstream was tried behind the asker's back.
  alive({1});
  advance(seconds(6));
  ask(kWeb);
  advance(milliseconds(1));
  const int fresh = ask(kWeb);
  EXPECT_EQ(answerTo(fresh)->extendedError, -1);
  upstreamer = nullptr;
  clock.advance(seconds(3661));
  const int old = ask(kWeb);
  EXPECT_FALSE(answerTo(old));  // Older than an hour.
}

TEST_F(DnsForwarderStale, ServesStaleAtOnceWhileAllUpstreamsAreDown) {
  ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}});
  askNew();
  advance(seconds(100));
  ASSERT_TRUE(forwarder->upstreams().isDown(server(1)));
  const std::size_t before = asked();
  const int token = ask(kWeb);
  EXPECT_TRUE(answerTo(token));
  EXPECT_EQ(asked(), before + 1);
}

TEST_F(DnsForwarderStale, ServesStaleRatherThanRefusing) {
  ForwardOptions options;
  options.maxConcurrent = 1;
  start(options);
  ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}});
  clock.advance(seconds(100));
  askNew();
  EXPECT_EQ(rcodeOf(ask(kWeb)), Rcode::kNoError);
  EXPECT_EQ(rcodeOf(askNew()), Rcode::kRefused);
  EXPECT_EQ(forwarder->counters().maxConcurrentRejects, 2U);
}

TEST_F(DnsForwarderStale, NeverServesStaleIfToldSo) {
  ForwardOptions options;
  options.cache.staleUpTo = seconds(0);
  start(options);
  ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}});
  clock.advance(seconds(61));
  const int token = ask(kWeb);
  advance(seconds(5));
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
}

TEST_F(DnsForwarderStale, PrefetchesOnce) {
  ForwardOptions options;
  options.cache.prefetchAmount = 2;
  start(options);
  ask(kWeb);
  give(last(), {{a(100, "10.0.0.1")}});
  clock.advance(seconds(90));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(answerTo(ask(kWeb)));
  }
  EXPECT_EQ(asked(), 2U);
  EXPECT_EQ(forwarder->counters().prefetches, 1U);
  give(last(), {{a(100, "10.0.0.1")}});
  EXPECT_EQ(answerTo(ask(kWeb))->ttls[0], 100U);
}

}  // namespace
}  // namespace hitless::dns

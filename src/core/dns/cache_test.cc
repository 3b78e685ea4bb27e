#include "core/dns/cache.h"

#include <gtest/gtest.h>

#include "testing/dns_messages.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;
using Part = Lifetime::Part;

struct DnsCacheTest : ::testing::Test {
  /// An upstream says this to a query.
  void learn(const DnsAsk& ask, const DnsReply& what) {
    const AskedQuery asked(ask);
    const Bytes packet = reply(asked.bytes, what);
    const auto summary = summarize(packet);
    ASSERT_TRUE(summary);
    cache.store(keyOf(asked.query), KeptReply(packet, *summary), cache.lifetime(*summary, ask.type),
                clock.mono());
  }
  /// nullopt if the cache has no answer.
  std::optional<ReadAnswer> ask(const DnsAsk& ask) {
    const AskedQuery asked(ask);
    const Asker asker = askerOf(asked.query, Transport::kUdp);
    const auto hit = cache.answer(asker, keyOf(asked.query), clock.mono(), out);
    refresh = hit.refresh;
    return hit.size == 0 ? std::nullopt : std::optional(ReadAnswer(ByteView(out).first(hit.size)));
  }
  Lifetime lifetimeOf(const DnsReply& what, Type type = Type::kA) {
    return cache.lifetime(*summarize(reply(message({"web.example.", type}), what)), type);
  }
  bool hold(const DnsAsk& ask) {
    const AskedQuery asked(ask);
    return cache.holdStale(keyOf(asked.query), clock.mono());
  }
  void restart(const CacheOptions& options) { cache = Cache(options, rng); }

  FakeClock clock;
  FakeRng rng;
  Cache cache{CacheOptions{}, rng};
  Bytes out = Bytes(kMaxUdpSize);
  bool refresh = false;
};

const DnsAsk kWeb{"web.example."};

TEST_F(DnsCacheTest, AgesTtlsAndForgets) {
  EXPECT_FALSE(ask(kWeb));
  learn(kWeb, {{a(60, "10.0.0.1"), a(300, "10.0.0.2")}});
  EXPECT_EQ(ask(kWeb)->ttls, (std::vector<std::uint32_t>{60, 60}));
  clock.advance(milliseconds(10500));
  EXPECT_EQ(ask({"WEB.example."})->ttls[0], 50U);
  clock.advance(milliseconds(49499));
  EXPECT_EQ(ask(kWeb)->ttls[0], 1U);
  clock.advance(milliseconds(1));
  EXPECT_FALSE(ask(kWeb));
  EXPECT_EQ(cache.counters().successHits, 3U);
  EXPECT_EQ(cache.counters().misses, 2U);
  EXPECT_EQ(cache.counters().requests, 5U);
}

TEST_F(DnsCacheTest, BoundsLifetimes) {
  EXPECT_EQ(lifetimeOf({{a(0, "10.0.0.1")}}).ttl, 5U);
  EXPECT_EQ(lifetimeOf({{a(86400, "10.0.0.1")}}).ttl, 3600U);
  EXPECT_EQ(lifetimeOf({{}, {soa(0, 60)}}).ttl, 5U);
  EXPECT_EQ(lifetimeOf({{}, {soa(86400, 86400)}}).ttl, 1800U);
  CacheOptions options;
  options.successMinTtl = options.denialMinTtl = seconds(0);
  restart(options);
  EXPECT_EQ(lifetimeOf({{a(0, "10.0.0.1")}}).ttl, 0U);
  learn(kWeb, {{a(0, "10.0.0.1")}});
  EXPECT_FALSE(ask(kWeb));
}

TEST_F(DnsCacheTest, KeepsDenialsOnlyWithASoa) {
  EXPECT_EQ(lifetimeOf({{}, {soa(60, 30)}, {}, Rcode::kNxDomain}).part, Part::kDenial);
  EXPECT_EQ(lifetimeOf({{}, {soa(60, 30)}, {}, Rcode::kNxDomain}).ttl, 30U);
  EXPECT_EQ(lifetimeOf({{}, {soa(60, 30)}}).part, Part::kDenial);
  EXPECT_EQ(lifetimeOf({{}, {}, {}, Rcode::kNxDomain}).part, Part::kNone);
  EXPECT_EQ(lifetimeOf({{}}).part, Part::kNone);
  // An alias whose target has no such record holds as long as the shorter of the two.
  const Lifetime alias = lifetimeOf({{cname(20, "b.example.")}, {soa(60, 30)}});
  EXPECT_EQ(alias.part, Part::kDenial);
  EXPECT_EQ(alias.ttl, 20U);
  EXPECT_EQ(lifetimeOf({{cname(20, "b.example.")}}).part, Part::kSuccess);
  EXPECT_EQ(lifetimeOf({{soa(60, 30)}}, Type::kSoa).part, Part::kSuccess);
}

TEST_F(DnsCacheTest, NeverKeepsTruncatedRepliesNorOtherErrors) {
  EXPECT_EQ(lifetimeOf({{a(60, "10.0.0.1")}, {}, {}, Rcode::kNoError, kFlagTruncated}).part,
            Part::kNone);
  for (const Rcode rcode : {Rcode::kRefused, Rcode::kFormErr, Rcode::kNotImp}) {
    EXPECT_EQ(lifetimeOf({{}, {soa(60, 30)}, {}, rcode}).part, Part::kNone);
  }
  EXPECT_EQ(lifetimeOf({{soa(60, 30)}}, Type::kAxfr).part, Part::kNone);
  const Lifetime failure = lifetimeOf({{}, {}, {}, Rcode::kServFail});
  EXPECT_EQ(failure.part, Part::kDenial);
  EXPECT_EQ(failure.ttl, 5U);
}

TEST_F(DnsCacheTest, TellsDoCdAndRdApart) {
  learn({"web.example.", Type::kA, 1, kFlagRecursionDesired, 1232, true}, {{a(60, "10.0.0.1")}});
  EXPECT_FALSE(ask(kWeb));
  EXPECT_TRUE(ask({"web.example.", Type::kA, 2, kFlagRecursionDesired, 1232, true}));
  EXPECT_FALSE(ask({"web.example.", Type::kA, 2, 0, 1232, true}));
  EXPECT_FALSE(ask(
      {"web.example.", Type::kA, 2, kFlagRecursionDesired | kFlagCheckingDisabled, 1232, true}));
}

TEST_F(DnsCacheTest, ReplacesADenialByAnAnswerAndBack) {
  learn(kWeb, {{}, {soa(60, 30)}, {}, Rcode::kNxDomain});
  EXPECT_EQ(ask(kWeb)->rcode(), Rcode::kNxDomain);
  learn(kWeb, {{a(60, "10.0.0.1")}});
  EXPECT_EQ(ask(kWeb)->rcode(), Rcode::kNoError);
  EXPECT_EQ(cache.denialEntries(), 0U);
  learn(kWeb, {{}, {soa(60, 30)}});
  EXPECT_EQ(ask(kWeb)->counts[0], 0);
  EXPECT_EQ(cache.successEntries(), 0U);
  EXPECT_EQ(cache.denialEntries(), 1U);
}

TEST_F(DnsCacheTest, ServesStaleOnlyOnceARefreshFailed) {
  const DnsAsk edns{"web.example.", Type::kA, 1, kFlagRecursionDesired, 1232};
  learn(edns, {{a(60, "10.0.0.1")}});
  EXPECT_FALSE(hold(edns));  // Still fresh.
  clock.advance(seconds(61));
  EXPECT_FALSE(ask(edns));
  ASSERT_TRUE(hold(edns));
  const auto stale = ask(edns);
  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->ttls[0], 30U);
  EXPECT_EQ(stale->extendedError, 3);
  EXPECT_FALSE(refresh);  // Just tried.
  clock.advance(seconds(5));
  EXPECT_TRUE(ask(edns));
  EXPECT_TRUE(refresh);
  EXPECT_TRUE(ask(edns));
  EXPECT_FALSE(refresh);  // One at a time.
  EXPECT_EQ(cache.counters().servedStale, 3U);
  learn(edns, {{a(60, "10.0.0.2")}});
  EXPECT_EQ(ask(edns)->ttls[0], 60U);
  EXPECT_EQ(ask(edns)->extendedError, -1);
}

TEST_F(DnsCacheTest, ServesStaleForAnHour) {
  learn(kWeb, {{a(60, "10.0.0.1")}});
  clock.advance(seconds(60 + 3599));
  EXPECT_TRUE(hold(kWeb));
  clock.advance(seconds(1));
  EXPECT_FALSE(hold(kWeb));
  EXPECT_FALSE(ask(kWeb));
}

TEST_F(DnsCacheTest, PrefersAStaleAnswerToAFailure) {
  learn(kWeb, {{a(60, "10.0.0.1")}});
  clock.advance(seconds(61));
  learn(kWeb, {{}, {}, {}, Rcode::kServFail});
  EXPECT_EQ(ask(kWeb)->rcode(), Rcode::kNoError);
  // A failure itself is never served stale.
  const DnsAsk other{"other.example."};
  learn(other, {{}, {}, {}, Rcode::kServFail});
  EXPECT_EQ(ask(other)->rcode(), Rcode::kServFail);
  clock.advance(seconds(6));
  EXPECT_FALSE(hold(other));
}

TEST_F(DnsCacheTest, SaysThatAStaleDenialIsOne) {
  const DnsAsk edns{"web.example.", Type::kA, 1, kFlagRecursionDesired, 1232};
  learn(edns, {{}, {soa(60, 30)}, {}, Rcode::kNxDomain});
  clock.advance(seconds(31));
  ASSERT_TRUE(hold(edns));
  EXPECT_EQ(ask(edns)->extendedError, 19);
}

TEST_F(DnsCacheTest, PrefetchesWhatIsAskedForOften) {
  CacheOptions options;
  options.prefetchAmount = 3;
  restart(options);
  learn(kWeb, {{a(100, "10.0.0.1")}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(ask(kWeb));
    EXPECT_FALSE(refresh);  // Often, but early.
  }
  clock.advance(seconds(89));
  ask(kWeb);
  EXPECT_FALSE(refresh);  // 11 s left, and the pause was long: counted anew.
  clock.advance(seconds(1));
  ask(kWeb);
  EXPECT_FALSE(refresh);
  ask(kWeb);
  EXPECT_TRUE(refresh);
  ask(kWeb);
  EXPECT_FALSE(refresh);  // One at a time.
  // What was counted outlives the refresh.
  learn(kWeb, {{a(10, "10.0.0.1")}});
  clock.advance(seconds(9));
  ask(kWeb);
  EXPECT_TRUE(refresh);
}

TEST_F(DnsCacheTest, CanBeSwitchedOffByPart) {
  CacheOptions options;
  options.denialCapacity = 0;
  options.servfailTtl = seconds(0);
  restart(options);
  learn(kWeb, {{}, {soa(60, 30)}});
  EXPECT_FALSE(ask(kWeb));
  learn(kWeb, {{a(60, "10.0.0.1")}});
  EXPECT_TRUE(ask(kWeb));
}

TEST_F(DnsCacheTest, CutsAnswersToTheAskersLimit) {
  DnsReply many;
  many.answers.assign(100, a(60, "10.0.0.1"));
  learn(kWeb, many);
  const auto answer = ask(kWeb);
  EXPECT_TRUE(answer->truncated());
  EXPECT_LE(answer->size, kPlainUdpSize);
}

}  // namespace
}  // namespace hitless::dns

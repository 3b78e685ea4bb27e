#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <set>

#include "core/load/backend_lookup.h"
#include "core/load/failure.h"
#include "core/load/histogram.h"
#include "core/load/recorder.h"
#include "core/load/schedule.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"
#include "testing/source_dir.h"

namespace hitless::load {
namespace {

TEST(LoadFailure, TheTableIsInOrderAndIdsAreUnique) {
  std::set<std::string_view> ids;
  int position = 0;
  for (const CauseInfo& row : causes()) {
    EXPECT_EQ(static_cast<int>(row.cause), position++) << row.id;
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_LE(row.title.size(), 30U);
    EXPECT_EQ(causeOf(row.id), row.cause);
  }
  EXPECT_FALSE(causeOf("gremlins"));
}

TEST(LoadFailure, EveryCauseIsDocumented) {
  std::ifstream page(testing::sourceFile("docs/load-output.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  for (const CauseInfo& row : causes()) {
    EXPECT_NE(text.find("| `" + std::string(row.id) + "` | " + std::string(row.explanation)),
              std::string::npos)
        << row.id;
  }
}

TEST(LoadFailure, IsClassifiedByPhaseAndError) {
  const std::pair<Symptom, Cause> cases[] = {
      {{Phase::kConnecting, ECONNREFUSED}, Cause::kConnectionRefused},
      {{Phase::kConnecting, ECONNREFUSED, false, true}, Cause::kNoEndpoint},
      {{Phase::kConnecting, EHOSTUNREACH}, Cause::kNoEndpoint},
      {{Phase::kConnecting, ENETUNREACH}, Cause::kNoEndpoint},
      {{Phase::kConnecting, ETIMEDOUT}, Cause::kConnectTimeout},
      {{Phase::kConnecting, 0, true}, Cause::kConnectTimeout},
      {{Phase::kConnecting, ECONNRESET}, Cause::kResetBeforeRequestWritten},
      {{Phase::kConnecting, EADDRNOTAVAIL}, Cause::kLocalError},
      {{Phase::kConnecting, EMFILE}, Cause::kLocalError},
      {{Phase::kConnecting, EPERM}, Cause::kLocalError},
      {{Phase::kWriting, ECONNRESET}, Cause::kResetBeforeRequestWritten},
      {{Phase::kWriting, EPIPE}, Cause::kResetBeforeRequestWritten},
      {{Phase::kAwaitingResponse, ECONNRESET}, Cause::kResetAfterRequestWritten},
      {{Phase::kAwaitingResponse, 0}, Cause::kClosedBeforeResponse},
      {{Phase::kAwaitingResponse, 0, true}, Cause::kResponseTimeout},
      {{Phase::kAwaitingResponse, ETIMEDOUT}, Cause::kResponseTimeout},
      {{Phase::kReadingResponse, 0}, Cause::kClosedMidResponse},
      {{Phase::kReadingResponse, ECONNRESET}, Cause::kClosedMidResponse},
      {{Phase::kReadingResponse, 0, true}, Cause::kResponseTimeout},
  };
  for (const auto& [symptom, cause] : cases) {
    EXPECT_EQ(info(classify(symptom)).id, info(cause).id);
  }
  EXPECT_EQ(causeOfStatus(503), Cause::kHttp5xx);
  EXPECT_EQ(causeOfStatus(404), Cause::kHttp4xx);
  EXPECT_FALSE(causeOfStatus(302));
}

TEST(LoadFailure, OnlyAnIdleCloseOfAnIdempotentRequestIsRetried) {
  EXPECT_TRUE(mayRetry(Cause::kClosedBeforeResponse, true, "GET", 1));
  EXPECT_TRUE(mayRetry(Cause::kResetAfterRequestWritten, true, "PUT", 1));
  EXPECT_FALSE(mayRetry(Cause::kResetAfterRequestWritten, true, "POST", 1));
  EXPECT_FALSE(mayRetry(Cause::kClosedBeforeResponse, false, "GET", 1));
  EXPECT_FALSE(mayRetry(Cause::kClosedBeforeResponse, true, "GET", 2));
  EXPECT_FALSE(mayRetry(Cause::kClosedMidResponse, true, "GET", 1));
  EXPECT_FALSE(mayRetry(Cause::kResponseTimeout, true, "GET", 1));
}

TEST(LoadFailure, TheBackendTellsWhoRefused) {
  using Kind = Backend::Kind;
  const Symptom reset{Phase::kConnecting, ECONNREFUSED};
  const Symptom icmp{Phase::kConnecting, ECONNREFUSED, false, true};
  const Symptom noHost{Phase::kConnecting, EHOSTUNREACH, false, true};
  const auto after = [](const Symptom& symptom, Kind kind) {
    return refine(classify(symptom), symptom, kind);
  };
  EXPECT_EQ(after(reset, Kind::kUnknown), Cause::kConnectionRefused);
  EXPECT_EQ(after(reset, Kind::kTranslated), Cause::kConnectionRefused);
  EXPECT_EQ(after(reset, Kind::kDirect), Cause::kConnectionRefused);
  EXPECT_EQ(after(reset, Kind::kNone), Cause::kNoEndpoint);
  EXPECT_EQ(after(icmp, Kind::kNone), Cause::kNoEndpoint);
  EXPECT_EQ(after(icmp, Kind::kUnknown), Cause::kNoEndpoint);
  EXPECT_EQ(after(icmp, Kind::kTranslated), Cause::kConnectionRefused);
  EXPECT_EQ(after(noHost, Kind::kTranslated), Cause::kNoEndpoint);
}

TEST(LoadHistogram, IsExactToTheBucketAndMerges) {
  Histogram all;
  Histogram odd;
  Histogram even;
  for (int i = 1; i <= 1000; ++i) {
    all.add(milliseconds{i});
    (i % 2 == 0 ? even : odd).add(milliseconds{i});
  }
  even.merge(odd);
  EXPECT_EQ(even, all);
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    const double exact = percent * 10e6;
    const auto got = static_cast<double>(all.percentile(percent).count());
    EXPECT_GE(got, exact);
    EXPECT_LE(got, exact * 1.008);
  }
  EXPECT_EQ(all.percentile(100), seconds{1});
  EXPECT_EQ(all.max(), seconds{1});
  EXPECT_EQ(Histogram::of(all.buckets(), all.max()), all);
  EXPECT_EQ(Histogram{}.percentile(99), nanoseconds{0});
}

TEST(LoadHistogram, TakesAnyValue) {
  Histogram histogram;
  for (const std::int64_t value :
       {std::int64_t{-5}, std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{255},
        std::int64_t{256}, std::numeric_limits<std::int64_t>::max()}) {
    histogram.add(nanoseconds{value});
  }
  EXPECT_EQ(histogram.count(), 7U);
  EXPECT_EQ(histogram.percentile(50), nanoseconds{128});
  EXPECT_EQ(Histogram::of(histogram.buckets(), histogram.max()), histogram);
}

TEST(LoadSchedule, IsConstantWithoutDrift) {
  testing::FakeRng rng;
  LoadSpec spec;
  spec.rate = 3;
  spec.duration = seconds{1};
  Schedule schedule(spec, rng);
  std::vector<std::int64_t> due;
  for (; schedule.peek(); schedule.take()) {
    due.push_back(schedule.peek()->count());
  }
  EXPECT_EQ(due, (std::vector<std::int64_t>{0, 333'333'333, 666'666'666}));
}

TEST(LoadSchedule, PoissonKeepsTheMeanRateAndEndsAtTheCount) {
  testing::FakeRng rng;
  LoadSpec spec;
  spec.rate = 1000;
  spec.count = 100'000;
  spec.arrivals = Arrivals::kPoisson;
  Schedule schedule(spec, rng);
  nanoseconds last{0};
  while (const auto due = schedule.peek()) {
    EXPECT_GE(*due, last);
    last = *due;
    schedule.take();
  }
  EXPECT_EQ(schedule.taken(), 100'000U);
  EXPECT_NEAR(static_cast<double>(last.count()) / 1e9, 100, 2);
}

class LoadRecorder : public ::testing::Test {
 protected:
  LoadRecorder() : recorder_(*parseLoadSpec("http://web:81/ rate=10 new"), start_, clock_.wall()) {}
  MonoTime at(int ms) const { return start_ + milliseconds{ms}; }
  Failure failure(Cause cause, int ms) const {
    Failure out;
    out.cause = cause;
    out.scheduled = recorder_.wall(at(ms));
    out.connect = out.scheduled;
    out.failed = recorder_.wall(at(ms + 1));
    out.errorName = "ECONNREFUSED";
    out.backend = Endpoint{*IpAddress::parse("10.1.0.2"), 8080};
    out.detail = "detail";
    return out;
  }

  testing::FakeClock clock_;
  MonoTime start_ = clock_.mono();
  Recorder recorder_;
};

TEST_F(LoadRecorder, CountsBySecondAndFindsTheGap) {
  for (const int ms : {0, 100, 1100}) {
    recorder_.sent(at(ms), at(ms));
    recorder_.succeeded(at(ms), at(ms + 5), 200);
  }
  recorder_.sent(at(1200), at(1201));
  recorder_.retried(failure(Cause::kClosedBeforeResponse, 1200));
  recorder_.failed(at(1200), failure(Cause::kConnectionRefused, 1200));
  recorder_.opened();
  const LoadResult result = std::move(recorder_).finish(4, at(2000), "none");
  EXPECT_EQ(result.sent, 4U);
  EXPECT_EQ(result.succeeded, 3U);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_EQ(result.retried, 1U);
  EXPECT_EQ(result.gap, milliseconds{1000});
  EXPECT_EQ(result.gapStart, result.started + milliseconds{105});
  EXPECT_EQ(result.seconds, (std::vector<SecondCounts>{{2, 2, 0}, {2, 1, 1}}));
  EXPECT_EQ(result.latency.max(), milliseconds{5});
  EXPECT_EQ(result.sendDelay.max(), milliseconds{1});
}

TEST_F(LoadRecorder, ResultSurvivesJson) {
  recorder_.sent(at(0), at(0));
  recorder_.succeeded(at(0), at(7), 302);
  recorder_.sent(at(1), at(1));
  Failure late = failure(Cause::kHttp5xx, 1);
  late.status = 503;
  late.reusedConnection = true;
  late.connect.reset();
  recorder_.failed(at(1), late);
  recorder_.retried(failure(Cause::kResetAfterRequestWritten, 1));
  const LoadResult result = std::move(recorder_).finish(2, at(20), "conntrack");
  const auto back =
      fromJson(kube::parseJson(boost::json::serialize(toJson(result))).value().as_object());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, result);
  EXPECT_FALSE(fromJson({}));
}

TEST_F(LoadRecorder, ResultOfAChannelSurvivesJson) {
  Recorder recorder(*parseLoadSpec("grpc://a:1,b:2/x.Y/Z lb=round_robin resolve=a=10.0.0.1 "
                                   "nameserver=10.96.0.10 message=m connect-timeout=3s"),
                    start_, clock_.wall());
  Failure lost = failure(Cause::kBackoff, 1);
  lost.resolved = recorder.wall(at(-5));
  lost.backoffUntil = recorder.wall(at(900));
  lost.host = "a:1";
  lost.destination = Endpoint{*IpAddress::parse("fd00::1"), 1};
  lost.grpc = GrpcStatus{14, "failed to connect"};
  lost.goaway = 0;
  lost.reset = 7;
  recorder.failed(at(1), lost);
  recorder.grpcStatus(14);
  recorder.grpcStatus(0);
  recorder.reconnected(
      {"a:1", recorder.wall(at(1)), recorder.wall(at(3)), milliseconds{2}, 4, "no"});
  recorder.reconnected({"b:2", recorder.wall(at(1)), std::nullopt, milliseconds{9}, 1, ""});
  const LoadResult result = std::move(recorder).finish(2, at(20), "conntrack");
  EXPECT_EQ(result.reconnects.count, 2U);
  EXPECT_EQ(result.reconnects.longest, milliseconds{9});
  const auto back =
      fromJson(kube::parseJson(boost::json::serialize(toJson(result))).value().as_object());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, result);
}

TEST_F(LoadRecorder, ListsABoundedNumberOfFailuresAndCountsAll) {
  const std::size_t many = FailureList::kListed + 10;
  for (std::size_t i = 0; i < many; ++i) {
    recorder_.failed(at(0), failure(Cause::kNoEndpoint, 0));
  }
  const LoadResult result = std::move(recorder_).finish(many, at(1), "");
  EXPECT_EQ(result.failures.counts.at(Cause::kNoEndpoint), many);
  EXPECT_EQ(result.failures.listed.size(), FailureList::kListed);
}

}  // namespace
}  // namespace hitless::load

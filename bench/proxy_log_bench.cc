// What an access log's line and a request's counters cost a proxy's worker, in CPU time of one
// thread.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "core/proxy/access_log/format.h"
#include "core/proxy/stats/render.h"

namespace {

using namespace hitless;
using namespace hitless::proxy;

constexpr int kRecords = 1'000'000;

RequestRecord request() {
  RequestRecord record;
  record.start = *parseTime("2026-11-22T18:04:05.006Z");
  record.duration = milliseconds(12);
  record.method = "GET";
  record.path = "/api/v1/orders/4711?expand=lines";
  record.authority = "orders.shop.svc.cluster.local";
  record.userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
  record.forwardedFor = "203.0.113.9";
  record.requestId = "6f1f0fb8-7b55-4d0c-9b7b-8a2a5f6f5a3f";
  record.status = 200;
  record.details = "via_upstream";
  record.bytesSent = 1830;
  record.upstreamTime = milliseconds(11);
  record.upstream = Address{IpAddress::v4(0x0af40103), 8080};
  record.upstreamPod = "shop/orders-7c9d8b6f5-x2x4z";
  record.cluster = "outbound|80||orders.shop.svc.cluster.local";
  record.upstreamLocal = Address{IpAddress::v4(0x0af40001), 40112};
  record.downstreamLocal = Address{IpAddress::v4(0x0a600007), 80};
  record.downstreamRemote = Address{IpAddress::v4(0x0af40205), 50226};
  record.route = "shop/orders/0";
  record.attempts = 1;
  return record;
}

double cpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// The mean of kRecords calls.
template <class Work>
double nanosecondsEach(Work&& work) {
  const double start = cpuSeconds();
  for (int i = 0; i < kRecords; ++i) {
    work();
  }
  return (cpuSeconds() - start) * 1e9 / kRecords;
}

double line(const AccessLogFormat& format) {
  const RequestRecord record = request();
  std::string out;
  return nanosecondsEach([&] {
    if (out.size() > 64 * 1024) {  // as if it had been written
      out.clear();
    }
    format.append(out, record);
  });
}

double counters() {
  const RequestRecord record = request();
  WorkerStats stats;
  Listener listener;
  listener.name = "in";
  ListenerScope& scope = stats.listener(listener, Direction::kInbound);
  return nanosecondsEach([&] {
    stats.requestBegan(scope, HttpVersion::k11);
    stats.requestEnded(scope, record);
  });
}

std::string row(const char* scenario, double value) {
  return fmt::format(
      R"({{"case":"{}","metric":"CPU time","value":{:.1f},"unit":"ns","peer":{{}}}})", scenario,
      value);
}

}  // namespace

int main() {
  fmt::print("[{},{},{}]\n", row("access log line, Istio's text", line(AccessLogFormat::text())),
             row("access log line, JSON", line(AccessLogFormat::json())),
             row("a request's counters", counters()));
}

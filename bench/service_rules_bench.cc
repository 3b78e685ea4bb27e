// Service rules in the kernel: a full load, then one endpoint change at a time, from watch event to
// commit.
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <vector>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/services.h"

namespace {

using namespace hitless;
using SteadyClock = std::chrono::steady_clock;

constexpr int kChanges = 1000;

double microsecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}

double residentMiB() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::string ip(std::uint32_t base, std::uint32_t offset) {
  return IpAddress::v4(base + offset).text();
}

kube::ObjectPtr sliceOf(int service, std::uint32_t moved, int revision) {
  const auto first = static_cast<std::uint32_t>(service) * 2;
  return testing::slice(
      fmt::format("service-{}", service),
      {{ip(0x0af40000, first), "node-2"}, {ip(0x0b000000, first + moved), "node-2"}},
      {{"http", "TCP", 8080}}, revision);
}

/// One row of the result, as scripts/bench expects it.
struct Row {
  std::string scenario;
  std::string metric;
  double value;
  std::string unit;
  std::string peer;
};

std::string json(const Row& row) {
  return fmt::format(R"({{"case":"{}","metric":"{}","value":{:.3f},"unit":"{}","peer":{{{}}}}})",
                     row.scenario, row.metric, row.value, row.unit, row.peer);
}

std::string peer(std::string_view name, double value) {
  return fmt::format(R"("name":"{}","value":{})", name, value);
}

Status run(int services, std::vector<Row>& rows) {
  auto dataplane = TRY(sys::NftDataplane::open(std::string(rules::names::kTable)));
  rules::Programmer programmer(dataplane, {"node-1", ""},
                               {{IpFamily::kV4}, rules::podsIn({*Cidr::parse("10.244.1.0/24")})});
  service::SnapshotBuilder builder;
  {
    watch::Update serviceUpdate = testing::full({});
    watch::Update sliceUpdate = testing::full({});
    for (int i = 0; i < services; ++i) {
      serviceUpdate.changes.push_back(
          {watch::ChangeType::kUpsert,
           testing::service(fmt::format("service-{}", i),
                            ip(0x0a600000, static_cast<std::uint32_t>(i)))});
      sliceUpdate.changes.push_back({watch::ChangeType::kUpsert, sliceOf(i, 1, 1)});
    }
    builder.applyServices(serviceUpdate);
    builder.applyEndpointSlices(sliceUpdate);
  }
  const std::string scenario = fmt::format("{} services x 2", services);
  const auto start = SteadyClock::now();
  const auto loaded = TRY(programmer.sync(builder.current(), {true, {}}));
  const bool reference = services == 10000;
  rows.push_back({scenario, "full load", microsecondsSince(start) / 1000, "ms",
                  reference ? peer("kube-proxy 1.36 nftables", 15750) : ""});
  rows.push_back({scenario, "batches", static_cast<double>(loaded.dataplane.batches), "", ""});
  rows.push_back({scenario, "resident", residentMiB(), "MiB",
                  reference ? peer("kube-proxy 1.36 nftables", 192) : ""});

  std::vector<double> times;
  for (int i = 0; i < kChanges; ++i) {
    const auto update = testing::upsert(
        sliceOf(i * 7919 % services, static_cast<std::uint32_t>(100000 + i), i + 2), i + 2);
    const auto begin = SteadyClock::now();
    const auto changes = builder.applyEndpointSlices(update);
    TRY_VOID(programmer.sync(builder.current(), changes));
    times.push_back(microsecondsSince(begin));
  }
  std::sort(times.begin(), times.end());
  rows.push_back({scenario, "endpoint change p50", times[kChanges / 2], "us",
                  reference ? peer("kube-proxy 1.36 nftables", 4.7e6) : ""});
  rows.push_back({scenario, "endpoint change p99", times[kChanges * 99 / 100], "us", ""});
  return programmer.cleanup();
}

}  // namespace

int main() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    std::perror("cannot make a network namespace");
    return 1;
  }
  std::vector<Row> rows;
  for (const int services : {1000, 10000, 44000}) {
    if (const auto done = run(services, rows); !done) {
      std::fprintf(stderr, "%s\n", done.error().text().c_str());
      return 1;
    }
  }
  std::string text;
  for (const Row& row : rows) {
    text += (text.empty() ? "[" : ",\n ") + json(row);
  }
  std::puts((text + "]").c_str());
  return 0;
}

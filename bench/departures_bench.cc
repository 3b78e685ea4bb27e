// What the addresses of pods that go cost the agent's step: 1,000 pods among 20,000 endpoints go
// one after the other, each in two steps (terminating, gone), with the kernel's rules in both
// tables; the same without looking after addresses.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <vector>

#include "app/agent/departed_plane.h"
#include "app/agent/service_plane.h"
#include "core/rules/names.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/netns.h"
#include "testing/services.h"

namespace bench {
namespace {

namespace app = hitless::app;
namespace rules = hitless::rules;
namespace sys = hitless::sys;
namespace testing = hitless::testing;
namespace watch = hitless::watch;
using hitless::IpAddress;
using hitless::MonoTime;
using SteadyClock = std::chrono::steady_clock;

constexpr int kServices = 10'000;
constexpr int kGoing = 1'000;

hitless::kube::ObjectPtr sliceOf(int service, bool terminating, bool gone) {
  std::vector<testing::EndpointSpec> endpoints;
  for (int i = gone ? 1 : 0; i < 2; ++i) {
    const auto number = static_cast<std::uint32_t>(2 * service + i);
    testing::EndpointSpec endpoint{IpAddress::v4(0x0af40000U + number).text(), "node-2"};
    endpoint.pod = fmt::format("s{}-{}/{}", service, i, number);
    endpoint.terminating = terminating && i == 0;
    endpoint.ready = !endpoint.terminating;
    endpoints.push_back(std::move(endpoint));
  }
  return testing::slice(fmt::format("s{}", service), endpoints);
}

struct Costs {
  std::vector<double> terminating;  ///< Microseconds of each step.
  std::vector<double> gone;
};

double timed(app::ServicePlane& plane, MonoTime now) {
  const auto begin = SteadyClock::now();
  const auto receipt = plane.sync(now);
  const std::chrono::duration<double, std::micro> taken = SteadyClock::now() - begin;
  if (!receipt) {
    fmt::print(stderr, "{}\n", receipt.error().text());
  }
  return taken.count();
}

Costs measure(bool looksAfter) {
  boost::asio::io_context io;
  auto services = sys::NftDataplane::open(std::string(rules::names::kTable));
  auto departedTable = sys::NftDataplane::open(std::string(rules::names::kDepartedTable));
  auto flows = sys::Conntrack::open();
  auto allFlows = sys::Conntrack::open();
  app::FlowWorker worker(io, *allFlows);
  app::DepartedPlane departed({io, *departedTable, *flows, worker, nullptr, nullptr,
                               [] { return std::vector<IpAddress>{}; }},
                              "node-1", {});
  app::ServicePlane plane(*services, {.node = "node-1"}, nullptr, looksAfter ? &departed : nullptr);
  std::vector<hitless::kube::ObjectPtr> objects;
  std::vector<hitless::kube::ObjectPtr> slices;
  for (int i = 0; i < kServices; ++i) {
    objects.push_back(
        testing::service(fmt::format("s{}", i),
                         IpAddress::v4(0x0a600000U + 10U + static_cast<std::uint32_t>(i)).text()));
    slices.push_back(sliceOf(i, false, false));
  }
  plane.applyServices(testing::full(objects));
  plane.applySlices(testing::full(slices));
  MonoTime now{};
  timed(plane, now);
  Costs costs;
  std::uint64_t revision = 1;
  for (int i = 0; i < kGoing; ++i) {
    now += hitless::milliseconds(1);
    plane.applySlices(testing::upsert(sliceOf(i, true, false), ++revision));
    costs.terminating.push_back(timed(plane, now));
    plane.applySlices(testing::upsert(sliceOf(i, false, true), ++revision));
    costs.gone.push_back(timed(plane, now));
  }
  return costs;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print(const char* step, const std::vector<double>& ours, const std::vector<double>& without,
           const char* end) {
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    fmt::print(
        "{{\"case\":\"{}\",\"metric\":\"{}\",\"value\":{:.0f},\"unit\":\"us\",\"peer\":{{"
        "\"without\":{:.0f}}}}}{}\n",
        step, name, quantile(ours, share), quantile(without, share), share > 0.9 ? end : ",");
  }
}

}  // namespace

int run() {
  if (!testing::enterNewNamespaces()) {
    fmt::print(stderr, "user or network namespaces are not allowed here\n");
    return 1;
  }
  const Costs with = measure(true);
  const Costs without = measure(false);
  fmt::print("[");
  print("a pod terminates", with.terminating, without.terminating, ",");
  print("a pod is gone", with.gone, without.gone, "]");
  return 0;
}

}  // namespace bench

int main() {
  return bench::run();
}

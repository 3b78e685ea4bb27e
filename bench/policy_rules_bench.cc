// NetworkPolicies in the kernel: one task pod that comes and goes on a node that has many, from the
// watch's event to the commit; and what a policy costs that changes.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/rules/names.h"
#include "core/rules/policy_programmer.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/policy_objects.h"

namespace {

using namespace hitless;
namespace objects = hitless::testing::netpol;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPods = 1000;
constexpr int kEdits = 200;

double microsecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}

/// Says how long the kernel took for what was applied last.
class TimedDataplane : public nft::Dataplane {
 public:
  explicit TimedDataplane(nft::Dataplane& real) : real_(real) {}
  Result<nft::Receipt> apply(const nft::Transaction& transaction) override {
    const auto start = SteadyClock::now();
    auto receipt = real_.apply(transaction);
    spent += microsecondsSince(start);
    return receipt;
  }
  Result<nft::Ruleset> read() override { return real_.read(); }
  Result<nft::Elements> readElements(const std::string& set) override {
    return real_.readElements(set);
  }
  double spent = 0;

 private:
  nft::Dataplane& real_;
};

struct Row {
  std::string scenario;
  std::string metric;
  double value;
  std::string unit;
};

std::string json(const Row& row) {
  return fmt::format(R"({{"case":"{}","metric":"{}","value":{:.3f},"unit":"{}","peer":{{}}}})",
                     row.scenario, row.metric, row.value, row.unit);
}

void addTimes(std::vector<Row>& rows, const std::string& scenario, const std::string& metric,
              std::vector<double> times) {
  std::sort(times.begin(), times.end());
  rows.push_back({scenario, metric + " p50", times[times.size() / 2], "us"});
  rows.push_back({scenario, metric + " p99", times[times.size() * 99 / 100], "us"});
}

kube::ObjectPtr task(int i, const char* node) {
  return objects::pod(
      {.name = fmt::format("airflow/task-{}", i),
       .ip = IpAddress::v4(0x0af40002U + static_cast<std::uint32_t>(i)).text(),
       .labels = fmt::format("{{component: task, run_id: r{}, try_number: '1'}}", i),
       .node = node});
}

/// What the namespace of an Airflow has: everything denied, and tasks let to where they work.
std::vector<kube::ObjectPtr> policies() {
  return {
      objects::networkPolicy("airflow/deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
      objects::networkPolicy(
          "airflow/tasks",
          "{podSelector: {matchLabels: {component: task}}, policyTypes: [Egress], egress: [{to: "
          "[{podSelector: {matchLabels: {component: db}}}], ports: [{port: 5432}]}, {to: "
          "[{ipBlock: "
          "{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 443}]}]}"),
      objects::networkPolicy(
          "airflow/db",
          "{podSelector: {matchLabels: {component: db}}, ingress: [{from: [{podSelector: "
          "{matchLabels: {component: task}}}], ports: [{port: 5432}]}]}"),
      objects::networkPolicy(
          "monitoring/in",
          "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
          "{kubernetes.io/metadata.name: airflow}}}]}]}"),
      objects::networkPolicy("logs/in",
                             "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"),
  };
}

/// Of the cluster's pods the first `here` are on this node, as are those that come and go.
Status run(int pods, int here, std::vector<Row>& rows) {
  auto kernel = TRY(sys::NftDataplane::open(std::string(rules::names::kPolicyTable)));
  TimedDataplane dataplane(kernel);
  policy::Book book("node-1");
  rules::PolicyProgrammer programmer(dataplane, book, {});
  book.applyNamespaces(
      objects::full({objects::nameSpace("airflow"), objects::nameSpace("monitoring"),
                     objects::nameSpace("logs")}));
  book.applyPolicies(objects::full(policies()));
  book.applyNodes(objects::full({objects::node("node-1", "10.244.0.0/16")}));
  std::vector<kube::ObjectPtr> all;
  for (int i = 0; i < pods; ++i) {
    all.push_back(task(i, i < here ? "node-1" : "node-2"));
  }
  book.applyPods(objects::full(std::move(all)));
  const std::string scenario =
      pods == here ? fmt::format("{} pods on the node", pods)
                   : fmt::format("{} pods in the cluster, {} of them on the node", pods, here);
  const auto start = SteadyClock::now();
  TRY_VOID(programmer.sync());
  rows.push_back({scenario, "full load", microsecondsSince(start) / 1000, "ms"});
  rows.push_back({scenario, "rules", static_cast<double>(programmer.rules()), ""});

  std::vector<double> added, addedKernel, deleted, deletedKernel, edited;
  const auto timed = [&](const watch::Update& update, std::vector<double>& whole,
                         std::vector<double>* inKernel) -> Status {
    dataplane.spent = 0;
    const auto begin = SteadyClock::now();
    book.applyPods(update);
    TRY_VOID(programmer.sync());
    whole.push_back(microsecondsSince(begin));
    inKernel->push_back(dataplane.spent);
    return {};
  };
  for (int i = 0; i < kPods; ++i) {
    const kube::ObjectPtr pod = task(pods + i, "node-1");
    TRY_VOID(timed(objects::upsert(pod), added, &addedKernel));
    TRY_VOID(timed(objects::gone(pod), deleted, &deletedKernel));
  }
  for (int i = 0; i < kEdits; ++i) {
    const auto policy = objects::networkPolicy(
        "airflow/db",
        fmt::format("{{podSelector: {{matchLabels: {{component: db}}}}, ingress: "
                    "[{{from: [{{podSelector: {{matchLabels: {{component: task}}}}}}], "
                    "ports: [{{port: {}}}]}}]}}",
                    6000 + i));
    const auto begin = SteadyClock::now();
    book.applyPolicies(objects::upsert(policy));
    TRY_VOID(programmer.sync());
    edited.push_back(microsecondsSince(begin));
  }
  addTimes(rows, scenario, "pod added, in the kernel", std::move(addedKernel));
  addTimes(rows, scenario, "pod added, event to commit", std::move(added));
  addTimes(rows, scenario, "pod deleted, in the kernel", std::move(deletedKernel));
  addTimes(rows, scenario, "pod deleted, event to commit", std::move(deleted));
  addTimes(rows, scenario, "policy changed, event to commit", std::move(edited));
  rows.push_back({scenario, "rules at the end", static_cast<double>(programmer.rules()), ""});
  const nft::Ruleset present = TRY(kernel.read());
  TRY_VOID(kernel.apply({present.table->name, {nft::DeleteTable{}}}));
  return {};
}

}  // namespace

int main() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    std::perror("cannot make a network namespace");
    return 1;
  }
  std::vector<Row> rows;
  constexpr std::pair<int, int> kClusters[] = {
      {100, 100}, {1000, 1000}, {10000, 10000}, {1000, 110}, {10000, 110}};
  for (const auto& [pods, here] : kClusters) {
    if (const auto done = run(pods, here, rows); !done) {
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

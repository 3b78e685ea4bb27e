// What a request pays for finding its rule, and what a gateway pays for news: a sidecar's table of
// one rule, and one Gateway with 1,000 HTTPRoutes of a host and a Service each. CPU time, which
// others on the machine do not change as much.
#include <fmt/format.h>

#include <ctime>
#include <vector>

#include "core/proxy/routing/book_fixture.h"

namespace bench {
namespace {

namespace routing = hitless::proxy::routing;
namespace proxy = hitless::proxy;
namespace watch = hitless::watch;
constexpr int kHosts = 1'000;
constexpr int kRequests = 5'000'000;
constexpr int kChanges = 1'000;

proxy::RequestHead request(std::string authority, std::string path) {
  proxy::RequestHead head;
  head.method = "GET";
  head.authority = std::move(authority);
  head.path = std::move(path);
  return head;
}

double cpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Nanoseconds for each of the requests in turn.
double matching(const routing::Routes& routes, const std::vector<proxy::RequestHead>& heads) {
  std::size_t found = 0;
  const double begin = cpuSeconds();
  for (int i = 0; i < kRequests; ++i) {
    found += routes.match(heads[static_cast<std::size_t>(i) % heads.size()]).rule != nullptr;
  }
  const double taken = cpuSeconds() - begin;
  if (found != kRequests) {
    fmt::print(stderr, "only {} of {} requests found a rule\n", found, kRequests);
  }
  return taken * 1e9 / kRequests;
}

routing::Routes sidecar() {
  proxy::Listener listener;
  listener.hosts = {{.hostname = "*", .rules = {{}}}};
  listener.hosts.front().rules.front().matches = {{}};
  return routing::Routes(std::move(listener));
}

std::string host(int i) {
  return fmt::format("host-{}.example.com", i);
}

std::string service(int i) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{}}}\nspec: {{ports: [{{port: "
      "80}}]}}\n",
      i);
}

std::string slice(int i, int address) {
  return fmt::format(
      "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s{0}, labels: "
      "{{kubernetes.io/service-name: s{0}}}}}\naddressType: IPv4\nports: [{{port: "
      "8080}}]\nendpoints: "
      "[{{addresses: [10.1.{1}.{2}]}}]\n",
      i, address / 250, address % 250 + 1);
}

std::string cluster() {
  std::string manifest = routing::gateway();
  for (int i = 0; i < kHosts; ++i) {
    manifest += routing::route(
        fmt::format("hostnames: [{}], rules: [{{backendRefs: [{{name: s{}, port: 80}}]}}]", host(i),
                    i),
        fmt::format("name: r{}", i));
    manifest += service(i) + slice(i, i);
  }
  return manifest;
}

/// Microseconds for each of the changes, from the watch's news to the new table.
double changing(routing::RouteBook& book, const std::vector<std::string>& manifests) {
  std::vector<std::pair<const hitless::kube::Resource*, hitless::kube::ObjectPtr>> objects;
  for (const std::string& manifest : manifests) {
    objects.push_back(routing::parsed(manifest).front());
  }
  const double begin = cpuSeconds();
  for (const auto& [resource, object] : objects) {
    book.apply(*resource,
               {watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, object}}, 1});
    if (!book.update().table) {
      fmt::print(stderr, "a change made no new table\n");
    }
  }
  const double taken = cpuSeconds() - begin;
  return taken * 1e6 / static_cast<double>(objects.size());
}

int run() {
  const routing::Routes one = sidecar();
  fmt::print("{:<44}{:>10.1f} ns\n", "match, one rule", matching(one, {request("a:80", "/a/b?c")}));
  routing::Book book(cluster());
  std::vector<proxy::RequestHead> heads;
  for (int i = 0; i < kHosts; ++i) {
    heads.push_back(request(host(i * 7 % kHosts) + ":80", "/a/b?c"));
  }
  fmt::print("{:<44}{:>10.1f} ns\n", "match, one of 1,000 hosts", matching(*book.at(80), heads));
  std::vector<std::string> slices;
  std::vector<std::string> routes;
  for (int i = 0; i < kChanges; ++i) {
    slices.push_back(slice(i % kHosts, kHosts + i));
  }
  for (int i = 0; i < 20; ++i) {
    routes.push_back(routing::route(
        fmt::format("hostnames: [{}], rules: [{{backendRefs: [{{name: s{}, port: 80}}]}}]", host(i),
                    kHosts / 2 + i),
        fmt::format("name: r{}, generation: {}", i, i + 2)));
  }
  fmt::print("{:<44}{:>10.1f} us\n", "an EndpointSlice changes, 1,000 routes",
             changing(book.book, slices));
  fmt::print("{:<44}{:>10.1f} us\n", "an HTTPRoute changes, 1,000 routes",
             changing(book.book, routes));
  return 0;
}

}  // namespace
}  // namespace bench

int main() {
  return bench::run();
}

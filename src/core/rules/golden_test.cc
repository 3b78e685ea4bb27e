#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/nft/dry_run_dataplane.h"
#include "core/nft/memory_dataplane.h"
#include "core/nft/text.h"
#include "core/rules/departed_table.h"
#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "core/rules/proxy_table.h"
#include "core/rules/resolver_table.h"
#include "core/rules/skeleton.h"
#include "testing/result.h"
#include "testing/services.h"
#include "testing/source_dir.h"

/// What a person sees of the rules, as files. HITLESS_UPDATE_GOLDEN=1 writes them anew.
namespace hitless::rules {
namespace {

using testing::service;
using testing::slice;

const Options kOptions{{IpFamily::kV4},
                       podsIn({*Cidr::parse("10.244.1.0/24"), *Cidr::parse("10.8.0.0/13")})};

void expectGolden(const std::string& name, const std::string& text) {
  const std::string path = testing::sourceFile("src/core/rules/testdata/" + std::string(name));
  if (std::getenv("HITLESS_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
  }
  std::ifstream file(path);
  std::stringstream wanted;
  wanted << file.rdbuf();
  EXPECT_EQ(text, wanted.str()) << path;
}

service::SnapshotBuilder cluster() {
  service::SnapshotBuilder builder;
  builder.applyServices(
      testing::full({service("web", "10.96.0.10", {{"http", "TCP", 80}, {"dns", "UDP", 53}}),
                     service("empty", "10.96.0.11"),
                     service("near", "10.96.0.12", {{}}, R"("internalTrafficPolicy":"Local")")}));
  builder.applyEndpointSlices(testing::full(
      {slice(
           "web",
           {{"10.244.1.5"}, {"10.244.2.5", "node-2"}, {"10.244.2.6", "node-2", false, true, true}},
           {{"http", "TCP", 8080}, {"dns", "UDP", 5353}}),
       slice("near", {{"10.244.2.7", "node-2"}})}));
  return builder;
}

TEST(RulesGolden, Ruleset) {
  nft::MemoryDataplane dataplane{std::string(names::kTable)};
  Programmer programmer(dataplane, {"node-1", ""}, kOptions);
  ASSERT_OK(programmer.sync(cluster().current(), {true, {}}));
  expectGolden("services.nft", nft::render(dataplane.ruleset()));
}

TEST(RulesGolden, BothFamilies) {
  expectGolden("dual-stack.nft", nft::render(skeleton({{IpFamily::kV4, IpFamily::kV6},
                                                       podsIn({*Cidr::parse("10.244.1.0/24"),
                                                               *Cidr::parse("fd00:1::/64")})})));
}

TEST(RulesGolden, Resolver) {
  expectGolden("resolver.nft", nft::render(resolverTable({*IpAddress::parse("10.96.0.10"),
                                                          *IpAddress::parse("169.254.20.10"),
                                                          *IpAddress::parse("fd00:96::10")},
                                                         {}, 4711)));
}

TEST(RulesGolden, Departed) {
  const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  departed::Directions directions;
  directions.parked = {ip("10.244.2.5"), ip("fd00:244:2::5")};
  directions.parkedFromNode = {ip("10.244.2.5")};
  directions.gone = {ip("10.244.2.5"), ip("10.244.2.6"), ip("10.244.2.7")};
  directions.goneFromNode = {ip("10.244.2.6"), ip("10.244.2.7")};
  directions.forwarded = {{ip("10.244.2.6"), ip("10.244.3.6")}};
  directions.names = {{ip("10.244.2.5"), "default/db-0 in db"},
                      {ip("10.244.2.6"), "default/db-1 in db"},
                      {ip("10.244.2.7"), "default/web-1"}};
  directions.ownPods = {ip("10.244.1.2"), ip("fd00:244:1::2")};
  directions.secondChances = {{{ip("10.244.1.3"), 8080}, {ip("10.244.1.2"), 8080}},
                              {{ip("fd00:244:1::3"), 8080}, {ip("fd00:244:2::9"), 8081}}};
  expectGolden("departed.nft", nft::render(departedTable(directions, {})));
}

TEST(RulesGolden, Proxy) {
  ProxyTableOptions options;
  options.inboundExcluded = proxy::PortList::parse("9090,22").value();
  options.outbound = proxy::PortList::parse("80,8000-8099").value();
  expectGolden("proxy.nft", nft::render(proxyTable(options)));
}

TEST(RulesGolden, DryRunOfOneEndpointLess) {
  nft::MemoryDataplane memory{std::string(names::kTable)};
  auto builder = cluster();
  ASSERT_OK(Programmer(memory, {"node-1", ""}, kOptions).sync(builder.current(), {true, {}}));
  const nft::Ruleset before = memory.ruleset();
  std::string shown;
  nft::DryRunDataplane dryRun(memory, [&](const std::string& text) { shown += text; });
  builder.applyEndpointSlices(testing::upsert(
      slice("web", {{"10.244.2.5", "node-2"}}, {{"http", "TCP", 8080}, {"dns", "UDP", 5353}}), 5));
  ASSERT_OK(Programmer(dryRun, {"node-1", ""}, kOptions).sync(builder.current(), {true, {}}));
  expectGolden("endpoint-removed.nft", shown);
  EXPECT_TRUE(memory.ruleset() == before);
}

}  // namespace
}  // namespace hitless::rules

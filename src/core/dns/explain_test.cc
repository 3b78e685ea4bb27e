#include "core/dns/explain.h"

#include <gmock/gmock.h>

#include "testing/dns_zone.h"

namespace hitless::dns {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> tried(std::string_view name, const ResolvConf& conf) {
  std::vector<std::string> texts;
  const auto names = namesToTry(name, conf);
  for (const Name& candidate : names.value()) {
    texts.push_back(candidate.text());
  }
  return texts;
}

TEST(DnsExplain, NamesAreTriedAsResolversDo) {
  const ResolvConf conf{{}, {"default.svc.cluster.local", "cluster.local"}, {"ndots:2"}};
  EXPECT_THAT(tried("web", conf),
              ElementsAre("web.default.svc.cluster.local.", "web.cluster.local.", "web."));
  EXPECT_THAT(tried("a.b.c", conf),
              ElementsAre("a.b.c.", "a.b.c.default.svc.cluster.local.", "a.b.c.cluster.local."));
  EXPECT_THAT(tried("web.", conf), ElementsAre("web."));
  EXPECT_FALSE(namesToTry("a..b", conf));
}

TEST(DnsExplain, SaysWhatIsAnsweredAndWhy) {
  testing::DnsZone zone;
  zone.load({testing::service("web", "10.96.0.10"), testing::service("db", "None")},
            {testing::slice("db", {{.ip = "10.0.1.1", .hostname = "db-0"},
                                   {.ip = "10.0.1.2", .ready = false, .hostname = "db-1"}})});
  const ResolvConf conf{{}, {"default.svc.cluster.local"}, {"ndots:5"}};
  const auto explain = [&](const std::string& name) {
    return textOf(name, explainNames(zone.zone, *namesToTry(name, conf), zone.clock.mono()));
  };
  EXPECT_EQ(explain("web"),
            "web\n"
            "  web.default.svc.cluster.local.: found, a Service: its cluster IP (TTL 5 s)\n"
            "    = 10.96.0.10\n");
  EXPECT_EQ(explain("db-1.db"),
            "db-1.db\n"
            "  db-1.db.default.svc.cluster.local.: expected, the Service has no ready endpoint "
            "called db-1 (TTL 1 s)\n"
            "    + 10.0.1.1 (db-0): ready\n"
            "    - 10.0.1.2 (db-1): serving, but not ready\n"
            "  db-1.db.: forwarded, not in the cluster's zone: upstream name servers are asked\n");
  EXPECT_EQ(explain("nothing.default.svc.cluster.local."),
            "nothing.default.svc.cluster.local.\n"
            "  nothing.default.svc.cluster.local.: NXDOMAIN, nothing in the cluster has this name "
            "(TTL 5 s)\n");
}

}  // namespace
}  // namespace hitless::dns

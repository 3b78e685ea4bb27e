#include <gtest/gtest.h>

#include <random>

#include "core/doctor/evidence_names.h"
#include "core/doctor/gauges.h"
#include "core/doctor/iptables_binaries.h"
#include "core/doctor/legacy_tables.h"
#include "core/doctor/xtables_lock.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

TEST(LegacyTables, AreReadAsTheyWereWrittenAndWatched) {
  const std::vector<LegacyTable> tables{{"ip", "filter", 1000, 500'000}, {"ip6", "nat", 5, 900}};
  EXPECT_EQ(parseLegacyTables(renderLegacyTables(tables)).value(), tables);
  testing::MadeEvidence made;
  made.has(names::kLegacyTables, renderLegacyTables(tables));
  const auto watched = gauges(made.evidence);
  ASSERT_EQ(watched.size(), 2U);
  EXPECT_EQ(watched[0].value, 1000U);
  EXPECT_EQ(watched[0].limit, 1'073'741U) << "512 MiB of 500 bytes each";
}

/// A bundle may hold anything under these names.
TEST(LegacyEvidence, OfAnyTextIsAnErrorOrAValue) {
  std::mt19937 random(5);
  IptablesBinaries binaries;
  binaries.binaries.push_back({"/sbin/iptables", "this node", "1.8.9", "nf_tables"});
  binaries.truths.push_back({0, 0, "111111", "00", true});
  const std::string good[] = {renderLegacyTables({{"ip", "filter", 9, 900}}),
                              renderIptablesBinaries(binaries),
                              "1: -> FLOCK  ADVISORY  WRITE 501 00:1a:77 0 EOF\n"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = good[random() % 3];
    for (int change = 0; change < 3; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    text.resize(random() % 4 == 0 ? random() % text.size() : text.size());
    (void)parseLegacyTables(text);
    (void)parseIptablesBinaries(text);
    (void)lockHolders(text, "00:1a:77");
  }
}

}  // namespace
}  // namespace hitless::doctor

#include "core/doctor/checks/ephemeral-ports/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

std::string sockets(int count, const char* state) {
  std::string text = "  sl  local_address rem_address   st\n";
  for (int i = 0; i < count; ++i) {
    text += fmt::format("   {}: 0100007F:{:04X} 0200007F:1F90 {} 0 0\n", i, 1000 + i, state);
  }
  return text;
}

MadeEvidence node(int count, const char* state) {
  MadeEvidence made;
  made.has("proc/sys/net/ipv4/ip_local_port_range", "1000\t1099\n");
  made.has("proc/net/tcp", sockets(count, state));
  return made;
}

TEST(EphemeralPorts, CountsPortsTowardsOneDestination) {
  EXPECT_TRUE(kEphemeralPorts.run(node(69, "01").evidence).empty());
  EXPECT_TRUE(kEphemeralPorts.run(node(99, "0A").evidence).empty()) << "they listen";
  const auto warned = kEphemeralPorts.run(node(70, "01").evidence);
  ASSERT_EQ(warned.size(), 1U);
  EXPECT_EQ(warned[0].severity, Severity::kWarning);
  EXPECT_EQ(warned[0].summary,
            "70 of 100 local ports are used from 127.0.0.1 to 127.0.0.2 port 8080 (70 %)");
  ASSERT_EQ(warned[0].repair.size(), 1U);
  EXPECT_EQ(warned[0].repair[0], Action(WriteSysctl{"net/ipv4/ip_local_port_range", "1000 65535"}));
  const auto waiting = kEphemeralPorts.run(node(95, "06").evidence);
  EXPECT_EQ(waiting.at(0).severity, Severity::kCritical);
  EXPECT_EQ(waiting.at(0).repair.at(0), Action(WriteSysctl{"net/ipv4/tcp_tw_reuse", "1"}));
}

TEST(EphemeralPorts, CountsTranslatedPorts) {
  Flows flows;
  for (int i = 0; i < 50000; ++i) {
    const auto port = static_cast<std::uint16_t>(1024 + i);
    flows.flows.push_back({{conntrack::kTcp, *IpAddress::parse("10.0.0.1"), port,
                            *IpAddress::parse("192.0.2.9"), 443},
                           {conntrack::kTcp, *IpAddress::parse("192.0.2.9"), 443,
                            *IpAddress::parse("192.0.2.1"), port},
                           std::nullopt,
                           0});
  }
  MadeEvidence made;
  made.has(names::kFlows, renderFlows(flows));
  const auto found = kEphemeralPorts.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].summary, HasSubstr("source translation has used 50,000 of 64,512 ports"));
  EXPECT_TRUE(found[0].repair.empty());
}

TEST(EphemeralPorts, ARangeThatIsNoneIsNoFault) {
  for (const char* range : {"", "5", "9 1", "a b", "1 70000"}) {
    auto made = node(99, "01");
    made.has("proc/sys/net/ipv4/ip_local_port_range", range);
    EXPECT_TRUE(kEphemeralPorts.run(made.evidence).empty()) << range;
  }
}

}  // namespace
}  // namespace hitless::doctor

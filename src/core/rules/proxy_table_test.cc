#include "core/rules/proxy_table.h"

#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/nft/walk.h"
#include "core/rules/names.h"
#include "testing/result.h"

namespace hitless::rules {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

nft::WalkPacket packetTo(std::uint16_t port, std::uint8_t protocol = kTcp) {
  return nft::opening(protocol, *IpAddress::parse("10.244.1.1"), 40000,
                      *IpAddress::parse("10.244.1.2"), port);
}

/// Redirections cannot be followed: reaching one is what is asked here.
bool redirected(const ProxyTableOptions& options, nft::HookPoint hook,
                const nft::WalkPacket& packet) {
  const auto outcome = nft::walk(proxyTable(options), hook, packet);
  if (!outcome) {
    EXPECT_NE(outcome.error().text().find("redirect"), std::string::npos) << outcome.error().text();
    return true;
  }
  EXPECT_TRUE(outcome->accepted());
  return false;
}

bool arriving(const ProxyTableOptions& options, const nft::WalkPacket& packet) {
  return redirected(options, nft::HookPoint::kPrerouting, packet);
}

bool leaving(const ProxyTableOptions& options, nft::WalkPacket packet, std::uint32_t user = 0) {
  packet.outputInterface = "eth0";
  packet.socketUser = user;
  return redirected(options, nft::HookPoint::kOutput, packet);
}

TEST(ProxyTable, TakesWhatComesButForItsOwnPorts) {
  const ProxyTableOptions options;
  EXPECT_TRUE(arriving(options, packetTo(80)));
  EXPECT_TRUE(arriving(options, packetTo(14999)));
  EXPECT_TRUE(arriving(options, packetTo(15091)));
  for (const std::uint16_t port : {15000, 15001, 15006, 15020, 15021, 15090}) {
    EXPECT_FALSE(arriving(options, packetTo(port))) << port;
  }
  EXPECT_FALSE(arriving(options, packetTo(80, kUdp)));
  nft::WalkPacket own = packetTo(80);
  own.inputInterface = "lo";
  EXPECT_FALSE(arriving(options, own)) << "the pod's processes among themselves";
  EXPECT_FALSE(leaving(options, packetTo(80))) << "what the pod sends, only if it is asked for";
}

TEST(ProxyTable, TakesSomePortsButForOthers) {
  ProxyTableOptions options;
  options.inbound = proxy::PortList::parse("80,8000-8099").value();
  options.inboundExcluded = proxy::PortList::parse("8042").value();
  EXPECT_TRUE(arriving(options, packetTo(80)));
  EXPECT_TRUE(arriving(options, packetTo(8099)));
  EXPECT_FALSE(arriving(options, packetTo(8042)));
  EXPECT_FALSE(arriving(options, packetTo(81)));
  options.inbound = {};
  EXPECT_FALSE(arriving(options, packetTo(80)));
}

TEST(ProxyTable, ExcludingAllTakesNothing) {
  ProxyTableOptions options;
  options.inboundExcluded = proxy::PortList::all();
  EXPECT_FALSE(arriving(options, packetTo(80)));
  EXPECT_FALSE(arriving(options, packetTo(65535)));
}

TEST(ProxyTable, TheProxysOwnConnectionsLeave) {
  ProxyTableOptions options;
  options.outbound = proxy::PortList::all();
  EXPECT_TRUE(leaving(options, packetTo(80)));
  EXPECT_FALSE(leaving(options, packetTo(80), proxy::sidecar::kUser));
  nft::WalkPacket known = packetTo(80);
  known.priority = proxy::sidecar::kPriority;
  EXPECT_FALSE(leaving(options, known));
  nft::WalkPacket within = packetTo(80);
  within.outputInterface = "lo";
  within.socketUser = 0;
  EXPECT_FALSE(redirected(options, nft::HookPoint::kOutput, within));
}

TEST(ProxyTable, ChangesFromAnyToAny) {
  std::vector<ProxyTableOptions> all(4);
  all[1].inbound = proxy::PortList::parse("80").value();
  all[2].inbound = proxy::PortList::parse("81,90-99").value();
  all[2].outbound = proxy::PortList::all();
  all[3].inbound = {};
  nft::MemoryDataplane memory{std::string(names::kProxyTable)};
  for (const auto& from : all) {
    for (const auto& to : all) {
      for (const auto& options : {from, to}) {
        ASSERT_OK(nft::applyInTwo(memory, nft::diff(memory.ruleset(), proxyTable(options))));
        EXPECT_TRUE(memory.ruleset() == proxyTable(options));
      }
    }
  }
}

}  // namespace
}  // namespace hitless::rules

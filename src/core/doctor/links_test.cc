#include "core/doctor/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/doctor/links_codec.h"
#include "testing/doctor_links.h"
#include "testing/result.h"

namespace hitless::doctor {
namespace {

using testing::interface;

Cidr cidr(const char* text) {
  return *Cidr::parse(text);
}
IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

Network sample() {
  Network network;
  network.interfaces = {interface(1, "lo", ""),         interface(2, "eth0", ""),
                        interface(3, "cni0", "bridge"), interface(4, "veth1", "veth", 3),
                        interface(5, "br0", "bridge"),  interface(6, "flannel.1", "vxlan")};
  network.interfaces[3].peerNetns = 0;
  network.interfaces[5].lower = 2;
  network.interfaces[5].local = ip("192.0.2.1");
  network.addresses = {{2, cidr("192.0.2.1/24")},
                       {3, cidr("10.42.0.1/24")},
                       {3, cidr("fe80::1/64")},
                       {5, cidr("192.168.7.1/24")}};
  network.routes = {{cidr("0.0.0.0/0"), ip("192.0.2.254"), 2, false},
                    {cidr("10.50.0.0/26"), std::nullopt, 0, true},
                    {cidr("10.50.0.7/32"), std::nullopt, 4, false},
                    {cidr("10.60.0.0/26"), std::nullopt, 0, true}};
  network.neighbours = {{3, ip("10.42.0.9"), kNeighbourFailed}, {3, ip("10.42.0.8"), 2}};
  network.namespaces = {{4026531840, std::nullopt, 90, ""}, {4026532000, 0, 0, "cni-1"}};
  network.own = 4026531840;
  network.neighboursCut = true;
  network.namespacesWhole = true;
  return network;
}

TEST(Network, SurvivesItsJson) {
  const auto read = parseNetwork(renderNetwork(sample()));
  ASSERT_OK(read);
  EXPECT_EQ(*read, sample());
  EXPECT_EQ(*parseNetwork("{}"), Network());
  EXPECT_FALSE(parseNetwork("[]"));
  EXPECT_FALSE(parseNetwork("{"));
}

TEST(Network, KnowsWhichRangesArePods) {
  std::vector<std::string> ranges;
  const auto found = podNetworks(sample());
  for (const PodNetwork& one : found) {
    ranges.push_back(one.range.text());
  }
  // br0 has no container on it; nobody has an address of 10.60.0.0/26, so it may be anything.
  EXPECT_THAT(ranges, ::testing::ElementsAre("10.42.0.0/24", "10.50.0.0/26"));
  EXPECT_TRUE(sample().isOwn(ip("10.42.0.1")));
  EXPECT_FALSE(sample().isOwn(ip("10.42.0.9")));
}

TEST(NetworkFuzz, AnyTextIsReadOrRefused) {
  std::mt19937 random(7);
  const std::string whole = renderNetwork(sample());
  for (int round = 0; round < 2000; ++round) {
    std::string text = whole;
    for (int change = 0; change < 4; ++change) {
      text[random() % text.size()] = static_cast<char>(random() % 128);
    }
    if (const auto read = parseNetwork(text.substr(0, random() % (text.size() * 2)))) {
      (void)podNetworks(*read);
      (void)renderNetwork(*read);
    }
  }
}

TEST(NetworkFuzz, AnyBytesAreReadOrRefused) {
  std::mt19937 random(8);
  for (int round = 0; round < 20000; ++round) {
    netlink::Bytes bytes(random() % 96);
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 24);
    }
    for (const std::uint16_t type : {16, 20, 24, 28, 88}) {
      const netlink::Message message{type, 0, 1, bytes, 0};
      (void)interfaceFrom(message);
      (void)routeFrom(message);
      (void)neighbourFrom(message);
      (void)namespaceIdFrom(message);
      if (const auto address = addressFrom(message)) {
        EXPECT_LE(address->address.length, 128);
      }
    }
  }
}

}  // namespace
}  // namespace hitless::doctor

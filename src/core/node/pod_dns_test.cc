#include "core/node/pod_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Words = std::vector<std::string>;

const dns::ResolvConf kNode{{"192.0.2.53"}, {"corp.example.com", "cluster.local"}, {"timeout:2"}};
const Words kCluster{"10.96.0.10", "fd00:96::10"};

PodSpec pod(std::string policy, bool hostNetwork = false) {
  PodSpec spec;
  spec.ns = "ns";
  spec.dns.policy = std::move(policy);
  spec.hostNetwork = hostNetwork;
  return spec;
}

TEST(PodDns, ClusterFirstIsTheClustersWithTheNodesSearches) {
  for (const PodSpec& spec : {pod("ClusterFirst"), pod("ClusterFirstWithHostNet"),
                              pod("ClusterFirstWithHostNet", true)}) {
    const PodDns dns = podDnsOf(spec, kNode, kCluster);
    EXPECT_EQ(dns.conf.nameservers, kCluster);
    EXPECT_THAT(dns.conf.searches, ElementsAre("ns.svc.cluster.local", "svc.cluster.local",
                                               "cluster.local", "corp.example.com"));
    EXPECT_THAT(dns.conf.options, ElementsAre("ndots:5"));
    EXPECT_THAT(dns.events, IsEmpty());
  }
}

TEST(PodDns, OtherwiseItIsTheNodes) {
  EXPECT_EQ(podDnsOf(pod("Default"), kNode, kCluster).conf, kNode);
  EXPECT_EQ(podDnsOf(pod("ClusterFirst", true), kNode, kCluster).conf, kNode);
  EXPECT_EQ(podDnsOf(pod("ClusterFirst"), kNode, {}).conf, kNode);
  EXPECT_EQ(podDnsOf(pod("ClusterFirst"), kNode, {}).events.at(0).reason, "MissingClusterDNS");
  EXPECT_THAT(podDnsOf(pod("Default"), kNode, {}).events, IsEmpty());
}

TEST(PodDns, NoneIsWhatThePodSays) {
  PodSpec spec = pod("None");
  spec.dns.nameservers = {"192.0.2.1"};
  spec.dns.searches = {"example.com"};
  spec.dns.options = {"ndots:2", "edns0"};
  EXPECT_EQ(podDnsOf(spec, kNode, kCluster).conf,
            (dns::ResolvConf{{"192.0.2.1"}, {"example.com"}, {"ndots:2", "edns0"}}));
}

TEST(PodDns, DnsConfigIsAddedAndItsOptionsOverride) {
  PodSpec spec = pod("ClusterFirst");
  spec.dns.nameservers = {"192.0.2.1", "10.96.0.10"};
  spec.dns.searches = {"example.com", "svc.cluster.local"};
  spec.dns.options = {"ndots:2", "edns0"};
  const dns::ResolvConf conf = podDnsOf(spec, {}, {"10.96.0.10"}).conf;
  EXPECT_THAT(conf.nameservers, ElementsAre("10.96.0.10", "192.0.2.1"));
  EXPECT_THAT(conf.searches, ElementsAre("ns.svc.cluster.local", "svc.cluster.local",
                                         "cluster.local", "example.com"));
  EXPECT_THAT(conf.options, ElementsAre("ndots:2", "edns0"));
}

TEST(PodDns, TooManyNameserversAreCut) {
  PodSpec spec = pod("ClusterFirst");
  spec.dns.nameservers = {"192.0.2.1", "192.0.2.2"};
  const PodDns dns = podDnsOf(spec, kNode, kCluster);
  EXPECT_THAT(dns.conf.nameservers, ElementsAre("10.96.0.10", "fd00:96::10", "192.0.2.1"));
  ASSERT_THAT(dns.events, SizeIs(1));
  EXPECT_TRUE(dns.events[0].warning);
  EXPECT_EQ(dns.events[0].reason, "DNSConfigForming");
  EXPECT_EQ(dns.events[0].message,
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied "
            "nameserver line is: 10.96.0.10 fd00:96::10 192.0.2.1");
}

PodDns withSearches(Words searches) {
  PodSpec spec = pod("None");
  spec.dns.searches = std::move(searches);
  return podDnsOf(spec, {}, {});
}

Words domains(std::size_t count, std::size_t length) {
  Words out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = fmt::format("d{}.", i);
    name.resize(length, 'x');
    out.push_back(name);
  }
  return out;
}

TEST(PodDns, SearchDomainsAreCutByNumberLengthAndSum) {
  EXPECT_THAT(withSearches(domains(32, 8)).events, IsEmpty());
  EXPECT_THAT(withSearches(domains(33, 8)).conf.searches, SizeIs(32));
  EXPECT_THAT(withSearches(domains(33, 8)).events, SizeIs(1));

  EXPECT_THAT(withSearches(domains(1, 253)).events, IsEmpty());
  const PodDns tooLong = withSearches({"a", std::string(254, 'x'), "b"});
  EXPECT_THAT(tooLong.conf.searches, ElementsAre("a", "b"));
  EXPECT_EQ(tooLong.events.at(0).message,
            "Search Line limits were exceeded, some search paths have been omitted, the applied "
            "search line is: a b");

  // Eight of 253 and their spaces are 2031 characters.
  Words many = domains(8, 253);
  EXPECT_THAT(withSearches(many).events, IsEmpty());
  many.push_back(std::string(16, 'y'));
  EXPECT_THAT(withSearches(many).events, IsEmpty());
  many.push_back("z");
  EXPECT_THAT(withSearches(many).conf.searches, SizeIs(9));
  EXPECT_THAT(withSearches(many).events, SizeIs(1));
}

}  // namespace
}  // namespace hitless::node

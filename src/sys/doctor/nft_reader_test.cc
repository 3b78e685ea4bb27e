#include "sys/doctor/nft_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/doctor/checks/nft-foreign-expressions/check.h"
#include "core/doctor/checks/nft-rule-explosion/check.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/nft_changes.h"
#include "testing/evidence.h"
#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

void load(const std::string& dump, const char* command = "iptables-nft-restore") {
  FILE* pipe = ::popen(command, "w");
  ASSERT_NE(pipe, nullptr);
  std::fwrite(dump.data(), 1, dump.size(), pipe);
  ASSERT_EQ(::pclose(pipe), 0);
}

/// One table of a dump, from its '*' to its COMMIT.
std::string tableOf(const std::string& dump, const std::string& name) {
  const std::size_t begin = dump.find("*" + name + "\n");
  return begin == std::string::npos ? "" : dump.substr(begin, dump.find("COMMIT", begin) - begin);
}

constexpr const char* kFilter = R"(*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-ROUTER-INPUT - [0:0]
:A-CHAIN - [0:0]
-A INPUT -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT
-A FORWARD -s 10.0.0.0/8 -d 1.2.3.4 -i eth+ -o wg0 -p tcp -m tcp --dport 80:90 --sport 1 -j ACCEPT
-A INPUT ! -s 10.0.0.0/9 -p udp -m udp ! --dport 53 -j REJECT
-A INPUT -p tcp -m conntrack --ctstate NEW,ESTABLISHED -m mark --mark 0x10/0xf0 -j DROP
-A INPUT -p tcp -m multiport --dports 80,443 -m addrtype --dst-type LOCAL -j MARK --set-xmark 0x1/0xffffffff
-A A-CHAIN -m limit --limit 5/min -j LOG --log-prefix "a b"
-A A-CHAIN -m limit --limit 100/sec --limit-burst 7 -j RETURN
-A A-CHAIN ! -i eth0 -f -j NFLOG --nflog-group 100
-A A-CHAIN ! -p tcp -g KUBE-ROUTER-INPUT
-A A-CHAIN -p icmp -m icmp --icmp-type 8 -j RETURN
-A A-CHAIN -m mark ! --mark 5 -m connmark --mark 7 -j CONNMARK --save-mark
-A A-CHAIN -m state --state NEW -p tcp --syn -j REJECT --reject-with tcp-reset
-A A-CHAIN
-A A-CHAIN -p tcp ! --tcp-flags SYN,ACK SYN
-A A-CHAIN -j NFLOG --nflog-prefix "abc d" --nflog-group 100 --nflog-size 64
-A A-CHAIN -p 47 -j ACCEPT
-A A-CHAIN -i + -p tcp --dport 0:90 -j ACCEPT
-A A-CHAIN -p udp ! --sport 1024:65535 -j ACCEPT
-A A-CHAIN ! -i eth+ -o eth1 ! -d 1.2.0.0/16 -j ACCEPT
-A A-CHAIN -d 10.1.2.0/255.0.255.0 -j DROP
-A A-CHAIN ! -f -m mark --mark 0x1 -j ACCEPT
COMMIT
*nat
-A PREROUTING -p tcp --dport 80 -j DNAT --to 1.2.3.4:80
-A PREROUTING -p tcp -j REDIRECT --to-ports 90
-A POSTROUTING -s 10.244.0.0/16 -m comment --comment "say \"hi\"" -j MASQUERADE --random-fully
-A POSTROUTING -j SNAT --to 1.1.1.1-1.1.1.4
COMMIT
)";

TEST(NftReader, ReadsWhatIptablesSavePrints) {
  inNamespaces([] {
    load(kFilter);
    load(
        "*filter\n-A INPUT -s fd00::/8 ! -d 2001:db8::1 -p tcp --dport 443 -j DROP\n"
        "-A INPUT -s fd00::/9 -p ipv6-icmp -j ACCEPT\nCOMMIT\n",
        "ip6tables-nft-restore");
    const auto v4 = nftRules(IpFamily::kV4);
    const auto v6 = nftRules(IpFamily::kV6);
    ASSERT_OK(v4);
    ASSERT_OK(v6);
    const std::string wanted = outputOf("iptables-nft-save -c");
    EXPECT_EQ(tableOf(*v4, "filter"), tableOf(wanted, "filter"));
    EXPECT_EQ(tableOf(*v4, "nat"), tableOf(wanted, "nat"));
    EXPECT_EQ(tableOf(*v6, "filter"), tableOf(outputOf("ip6tables-nft-save -c"), "filter"));
    EXPECT_THAT(*v4, ::testing::Not(HasSubstr("-m nft")));
  });
}

TEST(NftReader, ReadsTheBeginningsOfLargeChainsAndSaysWhatIsLeft) {
  inNamespaces([] {
    std::string dump = "*filter\n:KUBE-ROUTER-INPUT - [0:0]\n-A INPUT -j KUBE-ROUTER-INPUT\n";
    for (int i = 0; i < 300; ++i) {
      dump += "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -j RETURN\n";
    }
    load(dump + "COMMIT\n");
    const auto text = nftRules(IpFamily::kV4, {100, 1000});
    ASSERT_OK(text);
    EXPECT_THAT(*text, HasSubstr("# unread KUBE-ROUTER-INPUT 200\n"));
    const auto chains = doctor::parseNftChains(*nftChains());
    ASSERT_OK(chains);
    const auto named = [&](std::string_view name) {
      const auto found = std::find_if(chains->begin(), chains->end(),
                                      [&](const auto& chain) { return chain.name == name; });
      return found == chains->end() ? doctor::NftChain() : *found;
    };
    EXPECT_EQ(named("KUBE-ROUTER-INPUT").use, 301U);
    EXPECT_FALSE(named("KUBE-ROUTER-INPUT").hook);
    EXPECT_EQ(named("INPUT").hook, "input");
    EXPECT_EQ(named("INPUT").policy, "accept");
  });
}

TEST(NftReader, HasNothingWhereThereIsNothing) {
  inNamespaces([] {
    EXPECT_EQ(nftRules4().error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(doctor::parseNftChains(*nftChains())->size(), 0U);
  });
}

TEST(NftReader, FindsForeignRulesThatIptablesCannotRead) {
  inNamespaces([] {
    load(kFilter);
    testing::MadeEvidence healthy;
    healthy.has(doctor::names::kNftRules4, *nftRules4());
    EXPECT_TRUE(doctor::kNftForeignExpressions.run(healthy.evidence).empty());
    EXPECT_EQ(outputOf("nft 'add rule ip filter FORWARD ct state vmap { established : accept }'"),
              "");
    EXPECT_THAT(outputOf("iptables-nft -S"), HasSubstr("incompatible"));
    testing::MadeEvidence ill;
    ill.has(doctor::names::kNftRules4, *nftRules4());
    const auto found = doctor::kNftForeignExpressions.run(ill.evidence);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].evidence.at(0), HasSubstr("lookup @__map"));
  });
}

TEST(NftReader, RecordsWhoChangesRules) {
  inNamespaces([] {
    load(kFilter);
    auto recorder = NftChangeRecorder::start();
    ASSERT_OK(recorder);
    outputOf("iptables-nft -A KUBE-ROUTER-INPUT -s 10.0.0.1 -j ACCEPT");
    outputOf("iptables-nft -A KUBE-ROUTER-INPUT -s 10.0.0.1 -j ACCEPT");
    outputOf("nft add table inet other");
    const auto changes = doctor::parseNftChanges(*recorder->finish());
    ASSERT_OK(changes);
    EXPECT_EQ(changes->lastGeneration - changes->firstGeneration, 3U);
    EXPECT_FALSE(changes->lost);
    EXPECT_EQ(changes->writers.size(), 3U);
    ASSERT_EQ(changes->chains.size(), 1U);
    EXPECT_EQ(changes->chains[0].chain, "KUBE-ROUTER-INPUT");
    EXPECT_EQ(changes->chains[0].rulesAdded, 2U);
    EXPECT_THAT(changes->chains[0].process, HasSubstr("iptables"));
  });
}

}  // namespace
}  // namespace hitless::sys

#include "sys/doctor/legacy_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "core/doctor/legacy_tables.h"
#include "sys/doctor/ip_sets.h"
#include "testing/netns.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::outputOf;

/// What nodes have, and one of everything that xt_text.h knows.
constexpr const char* kRules4 = R"(*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack
-A PREROUTING -i eth+ -j NOTRACK
-A PREROUTING ! -i lo -j CT --zone 7
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A FORWARD -p tcp -m tcpmss --mss 1400:1500 --syn -j TCPMSS --set-mss 1360
-A PREROUTING -p tcp -j TPROXY --on-port 15001 --on-ip 127.0.0.1 --tproxy-mark 0x1/0xff
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff
-A PREROUTING -m connmark ! --mark 0x2/0x2 -j CONNMARK --set-mark 5
-A PREROUTING -j CONNMARK --save-mark
-A PREROUTING -m socket --transparent -j MARK --set-mark 1
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SVC-B - [0:0]
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-B
-A KUBE-SVC-B ! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -j KUBE-MARK-MASQ
-A KUBE-SVC-B -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A
-A KUBE-SVC-B -m statistic --mode nth --every 3 --packet 0 -g KUBE-SEP-A
-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:6443
-A KUBE-SEP-A -p tcp -j DNAT --to-destination 10.244.0.5-10.244.0.9:80-90 --persistent
-A KUBE-SEP-A -p tcp -j REDIRECT --to-ports 15001-15010 --random
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A POSTROUTING -m mark --mark 0x4000 -j MASQUERADE --random-fully
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-65535
-A POSTROUTING -s 10.0.0.0/8 -p udp -j SNAT --to-source 192.0.2.1:1024-2048 --random --persistent
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -m addrtype ! --src-type LOCAL,UNICAST --limit-iface-in -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:EMPTY - [0:0]
:KUBE-ROUTER-INPUT - [0:0]
-A INPUT -j KUBE-ROUTER-INPUT
-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary/secondary cluster IP range - TZZOAXOCHPHEHX7M" -j RETURN
-A KUBE-ROUTER-INPUT -p tcp -m comment --comment "allow LOCAL TCP traffic to node ports - LR7XO7NXDBGQJD2M" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN
-A INPUT -p udp -m multiport ! --sports 53,67:68,500 -j ACCEPT
-A INPUT -p tcp -m multiport --ports 1,2 -j DROP
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack ! --ctstate INVALID,NEW --ctproto 6 --ctorigdst 10.0.0.0/8 ! --ctreplsrc 10.1.1.1 --ctorigdstport 80:90 --ctstatus ASSURED --ctexpire 1:100 --ctdir ORIGINAL -j ACCEPT
-A INPUT -m state --state NEW,UNTRACKED -j ACCEPT
-A INPUT -p icmp --icmp-type 8 -j ACCEPT
-A INPUT -p icmp --icmp-type 3/4 -j ACCEPT
-A INPUT -p icmp --icmp-type any -j ACCEPT
-A INPUT -p sctp --dport 36412 ! --sport 1:2 -j ACCEPT
-A INPUT -p tcp --syn --tcp-option 5 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp ! --sport 1:1024 ! --dport 22 -j REJECT
-A INPUT -j REJECT --reject-with icmp-admin-prohibited
-A INPUT -m limit --limit 5/min --limit-burst 10 -j LOG --log-prefix "dropped: 'x'\\ " --log-level 7 --log-uid --log-tcp-options
-A INPUT -m limit --limit 100/sec -j NFLOG --nflog-prefix "a b" --nflog-group 100 --nflog-size 64 --nflog-threshold 3
-A INPUT -m mac --mac-source 02:42:AC:11:00:02 -j ACCEPT
-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.1.0.1-10.1.0.9 -j ACCEPT
-A OUTPUT -m owner --uid-owner 0 ! --gid-owner 0 -j ACCEPT
-A OUTPUT -m owner ! --socket-exists -j ACCEPT
-A INPUT -m pkttype --pkt-type broadcast -j DROP
-A FORWARD -m physdev --physdev-is-bridged --physdev-in veth+ -j ACCEPT
-A FORWARD -i cni0 ! -o cni0 -j ACCEPT
-A FORWARD ! -s 10.0.0.0/255.0.255.0 ! -p tcp -j DROP
-A INPUT -f -j DROP
-A INPUT -m length ! --length 100:200 -j DROP
-A INPUT -p gre -j DROP
-A INPUT -p 200 -j DROP
-A INPUT
-A INPUT -g EMPTY
COMMIT
)";

constexpr const char* kRules6 = R"(*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d fd00:96::1/128 -p tcp -m tcp --dport 443 -j DNAT --to-destination [fd00::5]:6443
-A PREROUTING -p tcp -j DNAT --to-destination fd00::5
-A PREROUTING -p tcp -j REDIRECT --to-ports 15001
-A POSTROUTING ! -s fd00::/8 -j MASQUERADE --random-fully
-A POSTROUTING -j SNAT --to-source 2001:db8::1-2001:db8::9
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT
-A INPUT -p ipv6-icmp --icmpv6-type 1/4 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,443 -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -m iprange --src-range fd00::1-fd00::9 -j REJECT
-A INPUT -m conntrack --ctorigsrc fd00::/64 -j ACCEPT
-A FORWARD -i eth0 -s fe80::/10 -m mark --mark 0x1 -j DROP
COMMIT
)";

/// Without what differs from run to run, and in the order of /proc's tables.
std::string withoutComments(const std::string& save) {
  std::string text;
  for (const std::string_view line : split(save, '\n')) {
    if (!line.empty() && line.front() != '#') {
      text += std::string(line) + "\n";
    }
  }
  return text;
}

std::string restored(const char* tool, const char* rules) {
  const std::string file = fmt::format("/tmp/hitless-legacy-{}", ::getpid());
  std::ofstream(file) << rules;
  std::string output = outputOf(fmt::format("XTABLES_LOCKFILE={}.lock {} < {}", file, tool, file));
  ::unlink(file.c_str());
  ::unlink((file + ".lock").c_str());
  return output;
}

TEST(LegacyReader, MakesNoTables) {
  inNamespaces([] {
    EXPECT_EQ(legacyTables().error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(legacyRules4().error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(outputOf("cat /proc/thread-self/net/ip_tables_names"), "");
  });
}

TEST(LegacyReader, WritesWhatIptablesLegacySaveDoes) {
  inNamespaces([] {
    ASSERT_EQ(restored("iptables-legacy-restore", kRules4), "");
    const auto rules = legacyRules4();
    ASSERT_TRUE(rules) << rules.error().text();
    EXPECT_EQ(*rules, withoutComments(outputOf("iptables-legacy-save -c")));
  });
}

TEST(LegacyReader, WritesWhatIp6tablesLegacySaveDoes) {
  inNamespaces([] {
    ASSERT_EQ(restored("ip6tables-legacy-restore", kRules6), "");
    const auto rules = legacyRules6();
    ASSERT_TRUE(rules) << rules.error().text();
    EXPECT_EQ(*rules, withoutComments(outputOf("ip6tables-legacy-save -c")));
  });
}

TEST(LegacyReader, NamesIpSets) {
  inNamespaces([] {
    auto sets = IpSets::open();
    if (!sets && sets.error().kind == ErrorKind::kNotFound) {
      GTEST_SKIP() << sets.error().text();
    }
    ASSERT_TRUE(sets);
    ASSERT_TRUE(sets->create(netlink::hashOfAddresses("KUBE-SRC-A", 64)));
    ASSERT_TRUE(sets->create(netlink::hashOfAddresses("KUBE-DST-B", 64)));
    ASSERT_EQ(restored("iptables-legacy-restore",
                       "*filter\n-A INPUT -m set --match-set KUBE-SRC-A src -m set ! --match-set "
                       "KUBE-DST-B dst -j DROP\nCOMMIT\n"),
              "");
    EXPECT_EQ(legacyRules4().value_or(""), withoutComments(outputOf("iptables-legacy-save -c")));
  });
}

TEST(LegacyReader, CountsEntriesAndDoesNotWalkALargeTable) {
  inNamespaces([] {
    std::string rules = "*filter\n:INPUT ACCEPT [0:0]\n";
    for (int i = 0; i < 20'100; ++i) {
      rules += "-A INPUT -s 10.0.0.1 -j DROP\n";
    }
    ASSERT_EQ(restored("iptables-legacy-restore", (rules + "COMMIT\n").c_str()), "");
    const auto json = legacyTables();
    ASSERT_TRUE(json) << json.error().text();
    const auto tables = doctor::parseLegacyTables(*json);
    ASSERT_TRUE(tables);
    ASSERT_EQ(tables->size(), 1U);
    EXPECT_EQ(tables->front().entries, 20'104U);  // Three policies and the end.
    EXPECT_EQ(legacyRules4().value_or(""), "# unread-table filter 20104\n");
  });
}

}  // namespace
}  // namespace hitless::sys

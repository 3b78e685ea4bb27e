#include "core/iptables/xt_text.h"

#include <gtest/gtest.h>
#include <linux/netfilter/xt_tcpudp.h>

#include <cstring>
#include <random>

namespace hitless::iptables {
namespace {

template <class Struct>
std::vector<std::uint8_t> bytesOf(const Struct& value) {
  std::vector<std::uint8_t> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(XtText, QuotesAsIptablesSaveDoes) {
  EXPECT_EQ(quoted("plain_Name-1"), "plain_Name-1");
  EXPECT_EQ(quoted(""), "\"\"");
  EXPECT_EQ(quoted("kube-system/kube-dns:dns"), "\"kube-system/kube-dns:dns\"");
  EXPECT_EQ(quoted("it's \"so\" \\"), "\"it\\'s \\\"so\\\" \\\\\"");
}

TEST(XtText, WritesAPort) {
  xt_tcp tcp{};
  tcp.spts[1] = 0xffff;
  tcp.dpts[0] = tcp.dpts[1] = 80;
  tcp.invflags = XT_TCP_INV_DSTPT;
  tcp.flg_mask = 0x17;
  tcp.flg_cmp = 0x02;
  EXPECT_EQ(matchText("tcp", 0, bytesOf(tcp), IpFamily::kV4),
            "-m tcp ! --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN");
}

TEST(XtText, KeepsTheBytesOfWhatItDoesNotKnow) {
  const std::vector<std::uint8_t> bytes{0x01, 0xff};
  EXPECT_EQ(matchText("u32", 3, bytes, IpFamily::kV4), "-m u32 --xt-info 3:01ff");
  EXPECT_EQ(targetText("CLUSTERIP", 0, bytes, IpFamily::kV4), "-j CLUSTERIP --xt-info 0:01ff");
  EXPECT_EQ(matchText("tcp", 0, bytes, IpFamily::kV4), "-m tcp --xt-info 0:01ff");
  EXPECT_EQ(matchText("tcp", 9, bytes, IpFamily::kV4), "-m tcp --xt-info 9:01ff");
}

TEST(XtText, NamesASetThatIsKnown) {
  const std::vector<std::uint8_t> info{7, 0, 2, 0x03};  // set 7, two dimensions, ! src,dst
  const SetNames names{{7, "KUBE-SRC-X"}};
  EXPECT_EQ(matchText("set", 1, info, IpFamily::kV4, &names),
            "-m set ! --match-set KUBE-SRC-X src,dst");
  EXPECT_EQ(matchText("set", 1, info, IpFamily::kV4), "-m set --xt-info 1:07000203");
}

TEST(XtText, OfAnyBytesIsWordsWithoutCrash) {
  std::mt19937 random(11);
  for (const char* name :
       {"tcp",       "udp",        "sctp",      "icmp",     "icmp6",    "multiport", "comment",
        "mark",      "connmark",   "conntrack", "state",    "addrtype", "set",       "physdev",
        "statistic", "limit",      "mac",       "iprange",  "owner",    "pkttype",   "tcpmss",
        "length",    "rpfilter",   "socket",    "REJECT",   "MARK",     "CONNMARK",  "DNAT",
        "SNAT",      "MASQUERADE", "REDIRECT",  "LOG",      "NFLOG",    "CT",        "NOTRACK",
        "TCPMSS",    "TPROXY",     "NFQUEUE",   "CHECKSUM", "\"\n"}) {
    const SetNames names{{0, "zero"}};
    for (int i = 0; i < 60; ++i) {
      std::vector<std::uint8_t> bytes(random() % 300);
      for (auto& byte : bytes) {
        byte = random() % 3 == 0 ? 0 : static_cast<std::uint8_t>(random());
      }
      const auto revision = static_cast<std::uint8_t>(random() % 5);
      const auto family = random() % 2 == 0 ? IpFamily::kV4 : IpFamily::kV6;
      EXPECT_TRUE(matchText(name, revision, bytes, family, &names).starts_with("-m "));
      EXPECT_TRUE(targetText(name, revision, bytes, family, &names).starts_with("-j "));
    }
  }
}

}  // namespace
}  // namespace hitless::iptables

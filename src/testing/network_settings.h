#pragma once

#include <linux/if_addr.h>
#include <poll.h>

#include <fstream>
#include <string>

#include "testing/netns.h"

/// Settings of the network namespace that the thread is in, for tests that send packets through it.
namespace hitless::testing {

/// What else depends on the machine.
inline void prepareNamespace() {
  for (const char* setting :
       {"ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter", "ipv4/conf/all/send_redirects",
        "ipv4/conf/default/send_redirects", "ipv6/conf/all/accept_dad",
        "ipv6/conf/default/accept_dad", "ipv6/conf/all/accept_redirects",
        "ipv6/conf/default/accept_redirects"}) {
    EXPECT_TRUE(writeProcFile(("/proc/sys/net/" + std::string(setting)).c_str(), "0")) << setting;
  }
  // Where the bridge module filters, packets between ports would pass connection tracking twice.
  writeProcFile("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
  writeProcFile("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
}

/// Forwards packets, and has no limit for ICMP errors: refusals that follow each other closely must
/// not be lost.
inline void makeRouter() {
  for (const char* family : {"ipv4", "ipv6"}) {
    EXPECT_TRUE(writeProcFile(
        ("/proc/sys/net/" + std::string(family) + "/conf/all/forwarding").c_str(), "1"));
  }
  EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
  EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv6/icmp/ratelimit", "0"));
  // There is a limit for all addresses together, too; it is about the types in these masks.
  EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv4/icmp_ratemask", "0"));
  writeProcFile("/proc/sys/net/ipv6/icmp/ratemask", "\n");
}

/// Whether the kernel's worker has yet to make an IPv6 address usable.
inline bool hasTentativeAddress() {
  std::ifstream addresses("/proc/thread-self/net/if_inet6");
  for (std::string ip, index, length, scope, flags, name;
       addresses >> ip >> index >> length >> scope >> flags >> name;) {
    if ((std::stoul(flags, nullptr, 16) & IFA_F_TENTATIVE) != 0) {
      return true;
    }
  }
  return false;
}

inline void awaitAddresses() {
  while (hasTentativeAddress()) {
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace hitless::testing

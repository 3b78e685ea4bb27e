#include "core/doctor/processes.h"

#include <gtest/gtest.h>

#include <random>

namespace hitless::doctor {
namespace {

std::vector<Process> someProcesses() {
  Process kubeRouter;
  kubeRouter.pid = 4123;
  kubeRouter.parent = 1;
  kubeRouter.name = "kube-router";
  kubeRouter.executable = "/usr/local/bin/kube-router";
  kubeRouter.cpuSeconds = 12.5;
  kubeRouter.ageSeconds = 86400.25;
  kubeRouter.cgroup = "/kubepods/besteffort/pod0d3a";
  kubeRouter.netns = 4026531840;
  Process check;
  check.pid = 5000;
  check.parent = 4123;
  check.name = "iptables";
  check.arguments = {"iptables", "-w", "-C", "INPUT", "-m", "comment", "--comment", "a \"b\""};
  check.state = 'R';
  return {kubeRouter, check};
}

TEST(Processes, AreReadAsTheyWereWritten) {
  const auto parsed = parseProcesses(renderProcesses(someProcesses()));
  ASSERT_TRUE(parsed) << parsed.error().text();
  EXPECT_EQ(*parsed, someProcesses());
}

TEST(Processes, OfAnyTextAreAnErrorOrAList) {
  std::mt19937 random(7);
  const std::string good = renderProcesses(someProcesses());
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (int change = 0; change < 4; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    (void)parseProcesses(text);
    (void)parseProcesses(std::string_view(text).substr(0, random() % text.size()));
  }
}

TEST(Processes, ToolsOfPacketFiltersAreKnownByName) {
  for (const char* name : {"iptables", "iptables-save", "ip6tables-resto", "xtables-nft-mul", "nft",
                           "ipset", "iptables-legacy", "xtables-legacy-"}) {
    EXPECT_TRUE(isPacketFilterTool(name)) << name;
  }
  for (const char* name : {"", "nftables-expor", "kube-proxy", "ip", "ipsec"}) {
    EXPECT_FALSE(isPacketFilterTool(name)) << name;
  }
}

}  // namespace
}  // namespace hitless::doctor

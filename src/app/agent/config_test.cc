#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/agent/config_file.h"
#include "app/agent/machine_settings.h"
#include "testing/page.h"
#include "testing/result.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHead =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

struct Read {
  explicit Read(const std::string& body, const std::string& head = kHead)
      : notes(readConfig("kp.yaml", head + body, config)) {}
  std::string error() const { return notes ? "no error" : notes.error().text(); }

  ProxyConfig config;
  Result<std::vector<ConfigNote>> notes;
};

TEST(ProxyConfig, ReadsWhatKubeProxyReads) {
  const Read read(R"(mode: nftables
bindAddress: 0.0.0.0
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0.5
clusterCIDR: 10.244.0.0/16, fd00:10:244::/56
detectLocalMode: ClusterCIDR
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
nodePortAddresses: [primary, 192.0.2.0/24]
hostnameOverride: n1
healthzBindAddress: "[::]:11256"
metricsBindAddress: ""
nftables: {masqueradeAll: true, masqueradeBit: 14, syncPeriod: 10s, minSyncPeriod: 500ms}
conntrack: {maxPerCore: 32768, min: null, tcpEstablishedTimeout: 24h0m0s, tcpBeLiberal: true}
oomScoreAdj: -999
featureGates: {A: true}
iptables: {minSyncPeriod: 1s}
)");
  ASSERT_OK(read.notes);
  const ProxyConfig& config = read.config;
  EXPECT_EQ(config.kubeconfig, "/var/lib/kube-proxy/kubeconfig.conf");
  ASSERT_EQ(config.clusterCidrs.size(), 2U);
  EXPECT_EQ(config.clusterCidrs[1].text(), "fd00:10:244::/56");
  EXPECT_TRUE(config.primaryNodePorts);
  EXPECT_EQ(config.nodePortNetworks.size(), 1U);
  EXPECT_EQ(config.hostname, "n1");
  EXPECT_EQ(config.healthz, (BindAddress{"::", 11256}));
  EXPECT_EQ(config.metrics, (BindAddress{"127.0.0.1", 10249})) << "empty: the default";
  EXPECT_TRUE(config.masqueradeAll);
  EXPECT_EQ(config.syncPeriod, seconds(10));
  EXPECT_EQ(config.minSyncPeriod, milliseconds(500));
  EXPECT_EQ(config.oomScoreAdj, -999);
  EXPECT_FALSE(config.conntrack.min);
  std::vector<std::string> warnings;
  for (const ConfigNote& note : *read.notes) {
    if (note.warning) {
      warnings.push_back(note.text);
    }
  }
  EXPECT_THAT(warnings, ElementsAre("kp.yaml:19: iptables has no effect: For mode iptables only"));
}

TEST(ProxyConfig, WhatKubeadmLeavesToTheDefaultsIsNotGiven) {
  const Read read(R"(bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: /k, qps: 0}
clusterCIDR: ""
configSyncPeriod: 0s
conntrack: {maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null,
            tcpEstablishedTimeout: null, udpStreamTimeout: 0s, udpTimeout: 0s}
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
ipvs: {excludeCIDRs: null, strictARP: false, syncPeriod: 0s}
logging: {flushFrequency: 0, verbosity: 0}
metricsBindAddress: ""
mode: ""
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel: {enableDSR: false, forwardHealthCheckVip: false}
)");
  ASSERT_OK(read.notes);
  EXPECT_EQ(read.config.healthz, (BindAddress{"0.0.0.0", 10256}));
  EXPECT_EQ(read.config.syncPeriod, seconds(30));
  EXPECT_TRUE(read.config.primaryNodePorts);
  EXPECT_THAT(conntrackSettings(read.config.conntrack, 8), IsEmpty());
}

TEST(ProxyConfig, NodePortsByNetworkLeaveThePrimaryAddresses) {
  EXPECT_FALSE(Read("nodePortAddresses: [192.0.2.0/24]\n").config.primaryNodePorts);
  EXPECT_TRUE(Read("nodePortAddresses: []\n").config.primaryNodePorts);
  EXPECT_TRUE(Read("nodePortAddresses: null\n").config.primaryNodePorts);
}

TEST(ProxyConfig, AnErrorNamesThePlaceTheKeyAndTheNextStep) {
  EXPECT_EQ(Read("clusterCidr: 10.0.0.0/8\n").error(),
            "kp.yaml:3:1: unknown key clusterCidr (did you mean clusterCIDR?)");
  EXPECT_EQ(
      Read("nftables:\n  minSyncPriod: 1s\n").error(),
      "kp.yaml:4:3: unknown key nftables.minSyncPriod (did you mean nftables.minSyncPeriod?)");
  EXPECT_EQ(Read("minSyncPeriod: 1s\n").error(),
            "kp.yaml:3:1: unknown key minSyncPeriod (did you mean nftables.minSyncPeriod?)");
  EXPECT_EQ(Read("zzz: 1\n").error(),
            "kp.yaml:3:1: unknown key zzz (docs/configuration.md lists the keys)");
  EXPECT_EQ(Read("nftables:\n  masqueradeAll: \"yes\"\n").error(),
            "kp.yaml:4:18: nftables.masqueradeAll must be true or false");
  EXPECT_EQ(Read("nftables:\n  syncPeriod: 30\n").error(),
            "kp.yaml:4:15: nftables.syncPeriod must be a duration such as 30s or 1h30m");
  EXPECT_EQ(Read("nftables: 3\n").error(), "kp.yaml:3:11: nftables must be a section with keys");
  EXPECT_EQ(Read("nodePortAddresses: 10.0.0.0/8\n").error(),
            "kp.yaml:3:20: nodePortAddresses must be a list of strings");
  EXPECT_EQ(Read("hostnameOverride: 12\n").error(),
            "kp.yaml:3:19: hostnameOverride must be a string");
  EXPECT_EQ(Read("conntrack: {maxPerCore: many}\n").error(),
            "kp.yaml:3:25: conntrack.maxPerCore must be a whole number");
  EXPECT_EQ(Read("mode: nftables\nmode: ipvs\n").error(), "kp.yaml:4:1: mode is there twice");
  EXPECT_EQ(Read("mode: ipvs\n").error(),
            "kp.yaml:3:7: mode: mode 'ipvs' is not what this proxy does (leave it out, or say "
            "nftables)");
  EXPECT_THAT(Read("healthzBindAddress: 10.0.0.1:port\n").error(), HasSubstr("kp.yaml:3:21"));
  EXPECT_THAT(Read("a: [\n").error(), HasSubstr("kp.yaml:4"));
  EXPECT_EQ(Read("", "kind: KubeProxyConfiguration\n").error(),
            "kp.yaml:1: apiVersion must be kubeproxy.config.k8s.io/v1alpha1");
  EXPECT_THAT(Read("", "- 1\n").error(), HasSubstr("is not a KubeProxyConfiguration"));
}

TEST(ProxyConfig, AModeThatNeedsAnInterfaceSaysSo) {
  const Read read("detectLocalMode: BridgeInterface\n");
  ASSERT_OK(read.notes);
  const Status valid = validate(read.config);
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().text(),
            "detectLocalMode BridgeInterface needs detectLocal.bridgeInterface");
  EXPECT_TRUE(validate(
      Read("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}\n").config));
  EXPECT_THAT(Read("detectLocalMode: Bridge\n").error(), HasSubstr("InterfaceNamePrefix"));
}

const ConfigKey& keyOf(std::string_view path) {
  for (const ConfigKey& key : configKeys()) {
    if (key.path == path) {
      return key;
    }
  }
  throw std::out_of_range(std::string(path));
}

TEST(ProxyConfig, AFlagIsReadAsItsKey) {
  ProxyConfig config;
  ASSERT_OK(setFromFlag(config, keyOf("nodePortAddresses"), "10.0.0.0/8, 192.0.2.0/24"));
  EXPECT_EQ(config.nodePortNetworks.size(), 2U);
  ASSERT_OK(setFromFlag(config, keyOf("nftables.masqueradeAll"), "true"));
  EXPECT_TRUE(config.masqueradeAll);
  ASSERT_OK(setFromFlag(config, keyOf("healthzBindAddress"), ""));
  EXPECT_EQ(config.healthz.port, 0) << "nowhere";
  const Status wrong = setFromFlag(config, keyOf("nftables.minSyncPeriod"), "soon");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text(),
            "--min-sync-period: 'soon' is not a duration such as 30s or 1h30m");
  EXPECT_THAT(setFromFlag(config, keyOf("mode"), "ipvs").error().text(),
              HasSubstr("--proxy-mode: mode 'ipvs'"));
}

TEST(ProxyConfig, ConntrackFollowsTheCpus) {
  ConntrackConfig config;
  EXPECT_THAT(conntrackSettings(config, 8), IsEmpty());
  config.maxPerCore = 1000;
  config.min = 5000;
  EXPECT_THAT(conntrackSettings(config, 8),
              ElementsAre(ConntrackSetting{"nf_conntrack_max", 8000, true}));
  EXPECT_THAT(conntrackSettings(config, 2),
              ElementsAre(ConntrackSetting{"nf_conntrack_max", 5000, true}));
  config = {};
  config.tcpEstablishedTimeout = seconds(0);
  config.tcpBeLiberal = false;
  config.udpTimeout = seconds(90);
  EXPECT_THAT(conntrackSettings(config, 8),
              ElementsAre(ConntrackSetting{"nf_conntrack_udp_timeout", 90, false}));
}

TEST(ProxyConfig, ThePageIsTheTable) {
  testing::expectPage("configuration.md", renderConfigPage());
}

}  // namespace
}  // namespace hitless::app

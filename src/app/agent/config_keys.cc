#include <fmt/format.h>

#include <algorithm>

#include "app/agent/proxy_config.h"
#include "base/text.h"

namespace hitless::app {
namespace {

using Values = std::vector<std::string>;

Result<std::vector<Cidr>> networks(const Values& texts) {
  std::vector<Cidr> list;
  for (const std::string& text : texts) {
    const std::string trimmed(trim(text));
    if (const auto network = Cidr::parse(trimmed)) {
      list.push_back(network->masked());
    } else {
      return invalid(fmt::format("'{}' is not a network such as 10.244.0.0/16", trimmed));
    }
  }
  return list;
}

Status setMode(ProxyConfig&, const Values& v) {
  if (v[0].empty() || v[0] == "nftables") {
    return {};
  }
  return invalid(fmt::format("mode '{}' is not what this proxy does", v[0]),
                 "leave it out, or say nftables");
}

Status setClusterCidr(ProxyConfig& config, const Values& v) {
  Values parts;
  for (const std::string_view part : split(v[0], ',')) {
    if (!trim(part).empty()) {
      parts.emplace_back(part);
    }
  }
  config.clusterCidrs = TRY(networks(parts));
  return {};
}

Status setDetectLocalMode(ProxyConfig& config, const Values& v) {
  const Values known{"", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"};
  if (std::find(known.begin(), known.end(), v[0]) == known.end()) {
    return invalid(fmt::format("there is no detectLocalMode '{}'", v[0]),
                   "ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix");
  }
  config.detectLocalMode = v[0];
  return {};
}

/// IFNAMSIZ - 1
Status setInterface(std::string& to, const std::string& name) {
  if (name.size() > 15) {
    return invalid(fmt::format("'{}' is longer than the name of an interface can be", name),
                   "at most 15 bytes");
  }
  to = name;
  return {};
}

Status setNodePortAddresses(ProxyConfig& config, const Values& v) {
  if (v.empty()) {
    return {};
  }
  Values cidrs;
  std::copy_if(v.begin(), v.end(), std::back_inserter(cidrs),
               [](const std::string& text) { return text != "primary"; });
  config.nodePortNetworks = TRY(networks(cidrs));
  config.primaryNodePorts = cidrs.size() < v.size();
  return {};
}

Status setBind(BindAddress& to, const std::string& text) {
  if (text.empty()) {
    to = {};
    return {};
  }
  // 1.2.3.4, 1.2.3.4:80, ::, [::]:80
  std::string host = text;
  std::optional<std::uint64_t> port = to.port;
  const std::size_t colon = text.rfind(':');
  if (text.front() == '[' || std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, colon);
    port = parseUint(std::string_view(text).substr(colon + 1));
  }
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (!IpAddress::parse(host) || !port || *port > 65535) {
    return invalid(fmt::format("'{}' is not an address with a port", text),
                   "such as 0.0.0.0:10256 or [::]:10256; \"\" for none");
  }
  to = {host, static_cast<std::uint16_t>(*port)};
  return {};
}

Status setOomScore(ProxyConfig& config, const Values& v) {
  const std::int64_t score = *parseInt(v[0]);
  if (score < -1000 || score > 1000) {
    return invalid(fmt::format("{} is not between -1000 and 1000", score));
  }
  config.oomScoreAdj = static_cast<int>(score);
  return {};
}

Status setCount(std::optional<std::int64_t>& to, const std::string& text) {
  to = *parseInt(text);
  return *to < 0 ? Status(invalid(fmt::format("{} is negative", text))) : Status{};
}

using enum KeyKind;
using enum KeyEffect;

constexpr ConfigKey kKeys[] = {
    {"mode", kString, kUsed, "--proxy-mode", "nftables", "Must be nftables or empty", setMode},
    {"hostnameOverride", kString, kUsed, "--node-name,--hostname-override", "the machine's name",
     "This node's name in the cluster",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.hostname = v[0];
       return {};
     }},
    {"clientConnection.kubeconfig", kString, kUsed, "--kubeconfig", "",
     "How to reach the API server (default: as a pod does)",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.kubeconfig = v[0];
       return {};
     }},
    {"clientConnection.acceptContentTypes", kString, kAccepted, "", "", "JSON is spoken", nullptr},
    {"clientConnection.contentType", kString, kAccepted, "", "", "JSON is spoken", nullptr},
    {"clientConnection.qps", kAnything, kAccepted, "", "", "Requests are not limited", nullptr},
    {"clientConnection.burst", kInteger, kAccepted, "", "", "Requests are not limited", nullptr},
    {"clusterCIDR", kString, kUsed, "--cluster-cidr", "spec.podCIDRs of the own Node",
     "Addresses of pods; of two families separated by a comma. What comes from elsewhere to a "
     "cluster IP is masqueraded",
     setClusterCidr},
    {"detectLocalMode", kString, kUsed, "--detect-local-mode", "ClusterCIDR",
     "How pods of this node are told from others: ClusterCIDR, NodeCIDR, BridgeInterface, "
     "InterfaceNamePrefix",
     setDetectLocalMode},
    {"detectLocal.bridgeInterface", kString, kUsed, "--pod-bridge-interface", "",
     "The bridge that pods are behind, for BridgeInterface",
     [](ProxyConfig& c, const Values& v) { return setInterface(c.bridgeInterface, v[0]); }},
    {"detectLocal.interfaceNamePrefix", kString, kUsed, "--pod-interface-name-prefix", "",
     "How the names of pods' interfaces begin, for InterfaceNamePrefix",
     [](ProxyConfig& c, const Values& v) { return setInterface(c.interfaceNamePrefix, v[0]); }},
    {"nodePortAddresses", kStrings, kUsed, "--nodeport-addresses", "primary",
     "Where node ports are served: networks, and `primary` for the Node's InternalIPs",
     setNodePortAddresses},
    {"nftables.masqueradeAll", kBool, kUsed, "--masquerade-all", "false",
     "Masquerade every connection to a service",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.masqueradeAll = v[0] == "true";
       return {};
     }},
    {"nftables.masqueradeBit", kInteger, kAccepted, "", "", "No packet mark is used", nullptr},
    {"nftables.syncPeriod", kDuration, kUsed, "--sync-period", "30s",
     "A change that waits twice as long makes /healthz and /livez answer 503",
     [](ProxyConfig& c, const Values& v) -> Status {
       const nanoseconds period = *parseDuration(v[0]);
       c.syncPeriod = period > nanoseconds{} ? period : c.syncPeriod;  // 0s: the default.
       return {};
     }},
    {"nftables.minSyncPeriod", kDuration, kUsed, "--min-sync-period", "0s",
     "Least time between two commits; 0s: each change at once",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.minSyncPeriod = *parseDuration(v[0]);
       return {};
     }},
    {"healthzBindAddress", kString, kUsed, "--healthz-bind-address", "0.0.0.0:10256",
     "Where /healthz, /livez and /readyz are served",
     [](ProxyConfig& c, const Values& v) { return setBind(c.healthz, v[0]); }},
    {"metricsBindAddress", kString, kUsed, "--metrics-bind-address", "127.0.0.1:10249",
     "Where /metrics is served",
     [](ProxyConfig& c, const Values& v) { return setBind(c.metrics, v[0]); }},
    {"serviceProxyName", kString, kUsed, "", "",
     "Serve the Services whose label service.kubernetes.io/service-proxy-name has this value; "
     "without it those that have no such label",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.serviceProxyName = v[0];
       return {};
     }},
    {"oomScoreAdj", kInteger, kUsed, "--oom-score-adj", "left as it is",
     "How readily the kernel ends the agent when memory is short, -1000 to 1000", setOomScore},
    {"conntrack.maxPerCore", kInteger, kUsed, "--conntrack-max-per-core", "left as it is",
     "nf_conntrack_max for each CPU; it is never made smaller",
     [](ProxyConfig& c, const Values& v) { return setCount(c.conntrack.maxPerCore, v[0]); }},
    {"conntrack.min", kInteger, kUsed, "--conntrack-min", "left as it is",
     "At least this nf_conntrack_max, however few CPUs there are",
     [](ProxyConfig& c, const Values& v) { return setCount(c.conntrack.min, v[0]); }},
    {"conntrack.tcpEstablishedTimeout", kDuration, kUsed, "--conntrack-tcp-timeout-established",
     "left as it is", "nf_conntrack_tcp_timeout_established; 0s: left as it is",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.conntrack.tcpEstablishedTimeout = parseDuration(v[0]);
       return {};
     }},
    {"conntrack.tcpCloseWaitTimeout", kDuration, kUsed, "--conntrack-tcp-timeout-close-wait",
     "left as it is", "nf_conntrack_tcp_timeout_close_wait; 0s: left as it is",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.conntrack.tcpCloseWaitTimeout = parseDuration(v[0]);
       return {};
     }},
    {"conntrack.tcpBeLiberal", kBool, kUsed, "--conntrack-tcp-be-liberal", "left as it is",
     "nf_conntrack_tcp_be_liberal; false: left as it is",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.conntrack.tcpBeLiberal = v[0] == "true";
       return {};
     }},
    {"conntrack.udpTimeout", kDuration, kUsed, "--conntrack-udp-timeout", "left as it is",
     "nf_conntrack_udp_timeout; 0s: left as it is",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.conntrack.udpTimeout = parseDuration(v[0]);
       return {};
     }},
    {"conntrack.udpStreamTimeout", kDuration, kUsed, "--conntrack-udp-timeout-stream",
     "left as it is", "nf_conntrack_udp_timeout_stream; 0s: left as it is",
     [](ProxyConfig& c, const Values& v) -> Status {
       c.conntrack.udpStreamTimeout = parseDuration(v[0]);
       return {};
     }},
    {"bindAddress", kString, kAccepted, "--bind-address", "",
     "The Node's InternalIPs are what counts", nullptr},
    {"bindAddressHardFail", kBool, kAccepted, "", "", "A taken address is tried again", nullptr},
    {"configSyncPeriod", kDuration, kAccepted, "--config-sync-period", "",
     "Watches need no resynchronization", nullptr},
    {"enableProfiling", kBool, kAccepted, "--profiling", "", "There is no profiler", nullptr},
    {"portRange", kString, kAccepted, "--proxy-port-range", "", "Nothing uses it", nullptr},
    {"featureGates", kAnything, kAccepted, "--feature-gates", "", "There are none", nullptr},
    {"showHiddenMetricsForVersion", kString, kAccepted, "--show-hidden-metrics-for-version", "",
     "No metric is hidden", nullptr},
    {"logging", kAnything, kAccepted, "", "", "See --verbose", nullptr},
    {"iptables", kAnything, kForeign, "", "", "For mode iptables only", nullptr},
    {"ipvs", kAnything, kForeign, "", "", "For mode ipvs only", nullptr},
    {"winkernel", kAnything, kAccepted, "", "", "For Windows only", nullptr},
};

}  // namespace

std::span<const ConfigKey> configKeys() {
  return kKeys;
}

}  // namespace hitless::app

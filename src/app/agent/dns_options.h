#pragma once

#include <string>
#include <vector>

#include "app/agent/dns_door.h"
#include "sys/dns/name_server.h"

namespace hitless::app {

/// The node's name server (docs/dns.md).
struct DnsOptions {
  bool enabled = true;
  dns::ZoneOptions zone;
  sys::NameServerOptions server;
  /// Where pods are told to ask: kubelet's clusterDNS. Empty: the cluster IPs of Service
  /// kube-system/kube-dns.
  std::vector<IpAddress> clusterDns;
  /// An address that is the same on every node; nullopt: none.
  std::optional<IpAddress> linkLocal = IpAddress::parse("169.254.20.10");
  /// Addresses of the machine that are served besides, for other nodes.
  std::vector<IpAddress> listen;
  /// Who is asked for names outside of the cluster; empty with `upstreamsFromFile`: the file's.
  std::vector<dns::UpstreamAddress> upstreams;
  bool upstreamsFromFile = true;
  std::string resolvConf = "/etc/resolv.conf";
  std::vector<dns::UpstreamGroup> stubDomains;
  /// How long the rules of a Service outlive its name.
  nanoseconds linger = seconds(1);
  DnsDoorOptions door;
};

}  // namespace hitless::app

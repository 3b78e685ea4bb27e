#pragma once

#include <string>
#include <vector>

#include "core/dns/resolv_conf.h"
#include "core/node/command.h"
#include "core/node/pod_spec.h"

namespace hitless::node {

/// What a pod's resolv.conf says, and what is to be said of it.
struct PodDns {
  dns::ResolvConf conf;
  /// DNSConfigForming: something was left out. MissingClusterDNS: the node's servers stand in.
  std::vector<Emit> events;
};

/// The rules of dnsPolicy and dnsConfig as kubelet has them (pkg/kubelet/network/dns, GetPodDNS).
/// `node` is the node's own file, `clusterDns` the addresses of the cluster's DNS Service (none:
/// then ClusterFirst is as Default). ClusterFirst puts the cluster's search domains before the
/// node's and takes none of the node's name servers and options; for a pod of the host network it
/// is as Default. At most 3 name servers, 32 search domains of at most 253 characters each, and
/// 2048 characters of them.
PodDns podDnsOf(const PodSpec& spec, const dns::ResolvConf& node,
                const std::vector<std::string>& clusterDns);

}  // namespace hitless::node

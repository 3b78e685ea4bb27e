#pragma once

#include <string>

#include "core/node/pod_spec.h"

/// The files of /etc that a node writes for each pod.
namespace hitless::node {

/// spec.hostname or the pod's name, at most 63 characters.
std::string hostnameOf(const PodSpec& spec);
std::string hostsFile(const PodSpec& spec, const std::string& podIP);
/// `nodeFile` is the node's own resolv.conf, `clusterDns` the cluster's server (empty: there is
/// none). dnsPolicy ClusterFirst without a cluster server falls back to the node's file.
std::string resolvFile(const PodSpec& spec, const std::string& nodeFile,
                       const std::string& clusterDns);

}  // namespace hitless::node

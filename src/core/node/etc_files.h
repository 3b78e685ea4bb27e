#pragma once

#include <string>
#include <string_view>

#include "core/node/pod_spec.h"

/// The files of /etc that a node writes for each pod.
namespace hitless::node {

inline constexpr std::string_view kClusterDomain = "cluster.local";

/// spec.hostname or the pod's name, at most 63 characters.
std::string hostnameOf(const PodSpec& spec);
std::string hostsFile(const PodSpec& spec, const std::string& podIP);

}  // namespace hitless::node

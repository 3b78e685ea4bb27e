#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctor/evidence.h"
#include "core/doctor/links.h"
#include "core/iptables/rule.h"

namespace hitless::doctor {

/// What flanneld (or K3s) tells the CNI plugin.
inline constexpr std::string_view kFlannelSubnet = "run/flannel/subnet.env";

/// KEY=VALUE lines of kFlannelSubnet; empty if it is not there.
std::map<std::string, std::string> flannelSubnet(const Evidence& evidence);

/// Networks of the cluster's pods, by kLinks and kFlannelSubnet: those of Docker, Podman and of
/// virtual machines are none.
std::vector<Cidr> podRanges(const Evidence& evidence, IpFamily family);

/// Of a bridge or device that is no cluster's: docker0, br-0123456789ab, virbr0, lo.
bool isForeignDevice(std::string_view name);

bool overlaps(const Cidr& a, const Cidr& b);

/// Whether the option (-s or -d) names addresses of these ranges. nullptr and negations do not.
bool namesAny(const iptables::Option* option, const std::vector<Cidr>& ranges);

}  // namespace hitless::doctor

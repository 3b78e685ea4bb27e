#pragma once

#include <span>
#include <string>

#include "core/doctor/processes.h"

namespace hitless::doctor {

/// nullptr if it is not there.
const Process* processOf(std::span<const Process> processes, std::int32_t pid);
/// The uid of the pod that a cgroup is in; empty if it is none's. kubelet writes it with '-' or,
/// under systemd, with '_'.
std::string podOf(std::string_view cgroup);
/// "iptables (pid 5000), started by kube-router (pid 4123, pod 0d3a...): iptables -w -C INPUT"
std::string whoIs(std::span<const Process> processes, std::int32_t pid);

}  // namespace hitless::doctor

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kProcesses.
namespace hitless::doctor {

struct Process {
  std::int32_t pid = 0;
  std::int32_t parent = 0;
  std::string name;        ///< comm
  std::string executable;  ///< The link /proc/PID/exe; empty if it may not be read.
  /// Of iptables, ip6tables, nft, ipset and their like only: what others are called with may be
  /// secret.
  std::vector<std::string> arguments;
  char state = 'S';         ///< As in /proc/PID/stat.
  double cpuSeconds = 0;    ///< User and system, since its start.
  double ageSeconds = 0;    ///< Since its start.
  std::string cgroup;       ///< The path, by which a pod is known.
  std::uint64_t netns = 0;  ///< The inode of its network namespace; 0 if it may not be read.
  bool operator==(const Process&) const = default;
};

std::string renderProcesses(const std::vector<Process>& processes);
Result<std::vector<Process>> parseProcesses(std::string_view json);

/// True of the tools that read or write packet rules, by comm: iptables, iptables-nft,
/// xtables-nft-multi, nft, ipset, ...
bool isPacketFilterTool(std::string_view name);

}  // namespace hitless::doctor

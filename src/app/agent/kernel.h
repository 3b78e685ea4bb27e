#pragma once

#include "core/rules/policy_table.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/netlink/nft_monitor.h"
#include "sys/process/instance_lock.h"

namespace hitless::app {

/// The agent's hold on the packet rules of its network namespace.
struct Kernel {
  sys::InstanceLock lock;
  sys::NftDataplane dataplane;
  sys::NftMonitor monitor;
};

/// Takes the place of this network namespace's one agent. The errors say what to do: another agent
/// runs here, no privilege, a kernel without nftables.
Result<Kernel> openKernel();

/// What the kernel gives for NetworkPolicies.
struct PolicyKernel {
  sys::NftDataplane dataplane;
  sys::NftMonitor monitor;
};
/// The error says what this kernel lacks.
Result<PolicyKernel> openPolicyKernel(const rules::PolicyTableOptions& options);
/// Removes their table.
Status removePolicyTable();

/// Removes our tables with everything in them, and the routes of the DNS door. kConflict while an
/// agent runs, which would put it back, unless `force`.
Status removeRules(bool force);

/// Removes a table of ours with everything in it, if it is there.
Status removeTable(const std::string& table);

/// What a refusal of the kernel to list tables means to whoever started the agent.
Error explainRefusal(Error error);

}  // namespace hitless::app

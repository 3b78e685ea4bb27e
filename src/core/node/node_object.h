#pragma once

#include <string>

#include "base/clock.h"
#include "core/kube/objects.h"

/// The objects by which a node makes itself known: Node and Lease.
namespace hitless::node {

struct NodeFacts {
  std::string name;
  std::string address;  ///< InternalIP
  std::string podCidr;
  std::string profile;  ///< Shown as the label hitless.io/profile; may be empty.
  std::int64_t cpus = 1;
  std::int64_t memoryBytes = 0;
  std::string kernelVersion;
  std::string osImage;
  std::string machineId;
  std::string bootId;
  std::string architecture;  ///< As Go spells it: amd64, arm64.
};

/// "hitless://0.1.0"
std::string_view runtimeVersion();

kube::json::object nodeObject(const NodeFacts& facts, WallTime now);
/// The status alone, for heartbeats. `readySince` is when the node became ready.
kube::json::object nodeStatus(const NodeFacts& facts, WallTime readySince, WallTime now);
kube::json::object leaseObject(const std::string& node, WallTime now);
/// The merge patch that renews a lease.
kube::json::object leaseRenewal(WallTime now);

/// x86_64 -> amd64, aarch64 -> arm64; others as they are.
std::string goArchitecture(std::string_view machine);

}  // namespace hitless::node

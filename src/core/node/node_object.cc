#include "core/node/node_object.h"

#include <fmt/format.h>

namespace hitless::node {
namespace {

using kube::json::array;
using kube::json::object;

constexpr std::string_view kRuntimeVersion = "hitless://0.1.0";
/// The kubelet whose behaviour is kept: clients compare it with the API server's version.
constexpr std::string_view kKubeletVersion = "v1.33.0";
constexpr std::int64_t kLeaseSeconds = 40;
constexpr int kMostPods = 250;

object condition(std::string_view type, bool status, std::string_view reason,
                 std::string_view message, WallTime since, WallTime now) {
  return object{{"type", type},
                {"status", status ? "True" : "False"},
                {"reason", reason},
                {"message", message},
                {"lastHeartbeatTime", formatTime(now)},
                {"lastTransitionTime", formatTime(since)}};
}

array conditions(WallTime since, WallTime now) {
  return array{
      condition("MemoryPressure", false, "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available", since, now),
      condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure",
                since, now),
      condition("PIDPressure", false, "KubeletHasSufficientPID",
                "kubelet has sufficient PID available", since, now),
      condition("Ready", true, "KubeletReady", "kubelet is posting ready status", since, now)};
}

}  // namespace

std::string_view runtimeVersion() {
  return kRuntimeVersion;
}

object nodeStatus(const NodeFacts& facts, WallTime readySince, WallTime now) {
  const object resources{{"cpu", std::to_string(facts.cpus)},
                         {"memory", fmt::format("{}Ki", facts.memoryBytes / 1024)},
                         {"pods", std::to_string(kMostPods)}};
  const object info{{"machineID", facts.machineId},
                    {"systemUUID", facts.machineId},
                    {"bootID", facts.bootId},
                    {"kernelVersion", facts.kernelVersion},
                    {"osImage", facts.osImage},
                    {"containerRuntimeVersion", kRuntimeVersion},
                    {"kubeletVersion", kKubeletVersion},
                    {"kubeProxyVersion", ""},
                    {"operatingSystem", "linux"},
                    {"architecture", facts.architecture}};
  return object{{"capacity", resources},
                {"allocatable", resources},
                {"conditions", conditions(readySince, now)},
                {"addresses", array{object{{"type", "InternalIP"}, {"address", facts.address}},
                                    object{{"type", "Hostname"}, {"address", facts.name}}}},
                {"nodeInfo", info}};
}

object nodeObject(const NodeFacts& facts, WallTime now) {
  object labels{{"kubernetes.io/hostname", facts.name},
                {"kubernetes.io/os", "linux"},
                {"kubernetes.io/arch", facts.architecture}};
  if (!facts.profile.empty()) {
    labels["hitless.io/profile"] = facts.profile;
  }
  return object{{"apiVersion", "v1"},
                {"kind", "Node"},
                {"metadata", object{{"name", facts.name}, {"labels", std::move(labels)}}},
                {"spec", object{{"podCIDR", facts.podCidr}, {"podCIDRs", array{facts.podCidr}}}},
                {"status", nodeStatus(facts, now, now)}};
}

object leaseObject(const std::string& node, WallTime now) {
  return object{{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", object{{"name", node}, {"namespace", "kube-node-lease"}}},
                {"spec", object{{"holderIdentity", node},
                                {"leaseDurationSeconds", kLeaseSeconds},
                                {"renewTime", formatMicroTime(now)}}}};
}

object leaseRenewal(WallTime now) {
  return object{{"spec", object{{"renewTime", formatMicroTime(now)}}}};
}

std::string goArchitecture(std::string_view machine) {
  if (machine == "x86_64") {
    return "amd64";
  }
  return machine == "aarch64" ? "arm64" : std::string(machine);
}

}  // namespace hitless::node

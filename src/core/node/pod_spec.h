#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/kube/objects.h"
#include "core/node/capabilities.h"
#include "core/node/handler.h"

/// A pod as the node that runs it needs to know it.
namespace hitless::node {

/// fieldRef: "metadata.name", "metadata.labels['app']", "status.podIP", …
struct FieldRef {
  std::string path;
  bool operator==(const FieldRef&) const = default;
};

struct ResourceFieldRef {
  std::string container;  ///< Empty: the container that uses it.
  std::string resource;   ///< "limits.cpu"
  std::string divisor;
  bool operator==(const ResourceFieldRef&) const = default;
};

enum class SourceKind { kConfigMap, kSecret };

/// A ConfigMap or Secret in the pod's namespace.
struct SourceRef {
  SourceKind kind = SourceKind::kConfigMap;
  std::string name;
  auto operator<=>(const SourceRef&) const = default;
};

struct KeyRef {
  SourceRef source;
  std::string key;
  bool optional = false;
  bool operator==(const KeyRef&) const = default;
};

struct EnvVar {
  std::string name;
  std::variant<std::string, FieldRef, ResourceFieldRef, KeyRef> value;
  bool operator==(const EnvVar&) const = default;
};

struct EnvFrom {
  SourceRef source;
  std::string prefix;
  bool optional = false;
  bool operator==(const EnvFrom&) const = default;
};

struct VolumeMount {
  std::string name;
  std::string mountPath;
  std::string subPath;
  std::string subPathExpr;
  bool readOnly = false;
  bool operator==(const VolumeMount&) const = default;
};

/// Resource name to quantity as written; accepted, shown and otherwise without effect.
using Quantities = std::map<std::string, std::string, std::less<>>;

struct ContainerSpec {
  std::string name;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::string workingDir;
  std::vector<kube::ContainerPort> ports;
  std::vector<EnvFrom> envFrom;
  std::vector<EnvVar> env;
  std::vector<VolumeMount> mounts;
  std::optional<ProbeSpec> startup;
  std::optional<ProbeSpec> readiness;
  std::optional<ProbeSpec> liveness;
  std::optional<Handler> postStart;
  std::optional<Handler> preStop;
  Quantities requests;
  Quantities limits;
  bool restartAlways = false;  ///< On an init container: a native sidecar (KEP-753).
  bool privileged = false;
  Capabilities capabilities = defaultCapabilities();
  bool readOnlyRoot = false;
  std::optional<std::int64_t> runAsUser;
  std::optional<std::int64_t> runAsGroup;
  bool operator==(const ContainerSpec&) const = default;
};

// One row of a projected volume. ConfigMap, Secret and downward API volumes are projections of one
// row.
struct KeyToPath {
  std::string key;
  std::string path;
  std::optional<std::int64_t> mode;
  bool operator==(const KeyToPath&) const = default;
};

struct SourceProjection {
  SourceRef source;
  std::vector<KeyToPath> items;  ///< Empty: every key under its own name.
  bool optional = false;
  bool operator==(const SourceProjection&) const = default;
};

struct DownwardItem {
  std::string path;
  std::variant<FieldRef, ResourceFieldRef> value;
  std::optional<std::int64_t> mode;
  bool operator==(const DownwardItem&) const = default;
};

struct DownwardProjection {
  std::vector<DownwardItem> items;
  bool operator==(const DownwardProjection&) const = default;
};

struct TokenProjection {
  std::string path;
  bool operator==(const TokenProjection&) const = default;
};

using Projection = std::variant<SourceProjection, DownwardProjection, TokenProjection>;

struct EmptyDir {
  bool operator==(const EmptyDir&) const = default;
};

struct HostPath {
  std::string path;
  std::string type;  ///< "", DirectoryOrCreate, Directory, FileOrCreate, File, …
  bool operator==(const HostPath&) const = default;
};

struct Projected {
  std::vector<Projection> rows;
  std::int64_t defaultMode = 0644;
  bool operator==(const Projected&) const = default;
};

/// A directory that outlives its pods: it stays as long as the cluster and is the same on every
/// node.
struct Claim {
  std::string name;
  bool operator==(const Claim&) const = default;
};

/// A kind of volume that a node without storage cannot give.
struct UnsupportedVolume {
  std::string kind;
  bool operator==(const UnsupportedVolume&) const = default;
};

struct Volume {
  std::string name;
  std::variant<EmptyDir, HostPath, Projected, Claim, UnsupportedVolume> source;
  bool operator==(const Volume&) const = default;
};

struct HostAlias {
  std::string ip;
  std::vector<std::string> hostnames;
  bool operator==(const HostAlias&) const = default;
};

struct DnsConfig {
  std::string policy = "ClusterFirst";
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<std::string> options;  ///< "ndots:5"
  bool operator==(const DnsConfig&) const = default;
};

enum class RestartPolicy { kAlways, kOnFailure, kNever };

struct PodSpec {
  std::string ns;
  std::string name;
  std::string uid;
  kube::Labels labels;
  kube::Labels annotations;
  std::string nodeName;
  std::string serviceAccount;
  std::string hostname;
  std::string subdomain;
  RestartPolicy restartPolicy = RestartPolicy::kAlways;
  std::int64_t gracePeriod = 30;  ///< seconds
  bool hostNetwork = false;
  std::vector<ContainerSpec> initContainers;
  std::vector<ContainerSpec> containers;
  std::vector<Volume> volumes;
  std::vector<HostAlias> hostAliases;
  std::vector<std::string> readinessGates;
  DnsConfig dns;

  /// "namespace/name"
  std::string key() const { return ns + "/" + name; }
  /// "name_namespace(uid)": how kubelet's messages name a pod.
  std::string longName() const { return name + "_" + ns + "(" + uid + ")"; }
  bool operator==(const PodSpec&) const = default;
};

PodSpec podSpecOf(const kube::json::object& pod);
std::vector<Volume> volumesOf(const kube::json::array* volumes);
/// Every ConfigMap and Secret that the pod's volumes and environments name.
std::vector<SourceRef> sourcesOf(const PodSpec& spec);
/// "Guaranteed", "Burstable" or "BestEffort".
std::string_view qosClassOf(const PodSpec& spec);

}  // namespace hitless::node

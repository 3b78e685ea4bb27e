#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

HITLESS_VALUES(kEffects, "NoSchedule", "PreferNoSchedule", "NoExecute");
constexpr Field kTaintFields[] = {
    str("key", "Key.").require().is(Check::kQualifiedName),
    str("value", "Value."),
    str("effect", "NoSchedule, PreferNoSchedule or NoExecute.").require().oneOf(kEffects),
    time("timeAdded", "When it was added."),
};
constexpr Message kTaint{"Taint", Package::kCore, "Keeps pods off that do not tolerate it.",
                         kTaintFields};

constexpr Field kNodeSpecFields[] = {
    str("podCIDR", "Addresses for pods of this node."),
    strs("podCIDRs", "Addresses for pods, one range for each family.").asSet(),
    str("providerID", "Id of the machine at its provider."),
    boolean("unschedulable", "No new pods, please."),
    objs("taints", kTaint, "Keep pods off."),
    any("configSource"),
    str("externalID"),
};
constexpr Message kNodeSpec{"NodeSpec", Package::kCore, "What a node is to be.", kNodeSpecFields};

constexpr Field kNodeConditionFields[] = {
    str("type", "Ready, MemoryPressure, DiskPressure, PIDPressure.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastHeartbeatTime", "When the node last said so."),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kNodeCondition{"NodeCondition", Package::kCore, "One aspect of the node's state.",
                                 kNodeConditionFields};

constexpr Field kNodeAddressFields[] = {
    str("type", "Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.").require(),
    str("address", "The address.").require(),
};
constexpr Message kNodeAddress{"NodeAddress", Package::kCore, "An address of the node.",
                               kNodeAddressFields};

constexpr Field kDaemonEndpointFields[] = {i32("Port", "Port.").require().emitAlways()};
constexpr Message kDaemonEndpoint{"DaemonEndpoint", Package::kCore, "A port of a daemon.",
                                  kDaemonEndpointFields};
constexpr Field kDaemonEndpointsFields[] = {
    obj("kubeletEndpoint", kDaemonEndpoint, "Where the kubelet listens.").emitAlways(),
};
constexpr Message kDaemonEndpoints{"NodeDaemonEndpoints", Package::kCore,
                                   "Ports of the node's daemons.", kDaemonEndpointsFields};

constexpr Field kSwapFields[] = {i64("capacity", "Bytes.")};
constexpr Message kSwap{"NodeSwapStatus", Package::kCore, "Swap of the node.", kSwapFields};
constexpr Field kNodeInfoFields[] = {
    str("machineID").require().emitAlways(),
    str("systemUUID").require().emitAlways(),
    str("bootID", "Changes with every boot.").require().emitAlways(),
    str("kernelVersion").require().emitAlways(),
    str("osImage").require().emitAlways(),
    str("containerRuntimeVersion").require().emitAlways(),
    str("kubeletVersion").require().emitAlways(),
    str("kubeProxyVersion").require().emitAlways(),
    str("operatingSystem").require().emitAlways(),
    str("architecture").require().emitAlways(),
    obj("swap", kSwap),
};
constexpr Message kNodeInfo{"NodeSystemInfo", Package::kCore, "What runs on the node.",
                            kNodeInfoFields};

constexpr Field kNodeImageFields[] = {
    strs("names", "Names of the image."),
    i64("sizeBytes", "Size in bytes."),
};
constexpr Message kNodeImage{"ContainerImage", Package::kCore, "An image on the node.",
                             kNodeImageFields};
constexpr Field kAttachedVolumeFields[] = {
    str("name", "Name of the volume.").require(),
    str("devicePath", "Where it is.").require(),
};
constexpr Message kAttachedVolume{"AttachedVolume", Package::kCore, "A volume on the node.",
                                  kAttachedVolumeFields};
constexpr Field kHandlerFeaturesFields[] = {
    boolean("recursiveReadOnlyMounts"),
    boolean("userNamespaces"),
};
constexpr Message kHandlerFeatures{"NodeRuntimeHandlerFeatures", Package::kCore,
                                   "What a runtime can do.", kHandlerFeaturesFields};
constexpr Field kHandlerFields[] = {str("name"), obj("features", kHandlerFeatures)};
constexpr Message kHandler{"NodeRuntimeHandler", Package::kCore, "A container runtime.",
                           kHandlerFields};
constexpr Field kFeaturesFields[] = {boolean("supplementalGroupsPolicy")};
constexpr Message kFeatures{"NodeFeatures", Package::kCore, "What the node can do.",
                            kFeaturesFields};

constexpr Field kNodeStatusFields[] = {
    quantityMap("capacity", "What the node has."),
    quantityMap("allocatable", "What pods may use of it."),
    str("phase", "No longer used."),
    objs("conditions", kNodeCondition, "Aspects of the node's state.").by("type"),
    objs("addresses", kNodeAddress, "Addresses of the node.").by("type"),
    obj("daemonEndpoints", kDaemonEndpoints, "Ports of the node's daemons.").emitAlways(),
    obj("nodeInfo", kNodeInfo, "What runs on the node.").emitAlways(),
    objs("images", kNodeImage, "Images on the node."),
    strs("volumesInUse", "Volumes in use."),
    objs("volumesAttached", kAttachedVolume, "Volumes attached."),
    any("config"),
    objs("runtimeHandlers", kHandler, "Container runtimes."),
    obj("features", kFeatures, "What the node can do."),
};
constexpr Message kNodeStatus{"NodeStatus", Package::kCore, "What a node is.", kNodeStatusFields};

constexpr Field kNodeFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kNodeSpec, "What the node is to be.").emitAlways(),
    obj("status", kNodeStatus, "What the node is; written by the node.").emitAlways(),
};

}  // namespace

constinit const Message kNode{"Node", Package::kCore, "A machine that runs pods.", kNodeFields};

}  // namespace hitless::kube::schema

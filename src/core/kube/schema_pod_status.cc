#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kPodConditionFields[] = {
    str("type", "Ready, ContainersReady, Initialized, PodScheduled and others.").require(),
    i64("observedGeneration", "Generation the condition was set for."),
    str("status", "True, False or Unknown.").require(),
    time("lastProbeTime", "When it was last looked at."),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kPodCondition{"PodCondition", Package::kCore, "One aspect of the pod's state.",
                                kPodConditionFields};

constexpr Field kIpFields[] = {str("ip", "Address.").require()};
constexpr Message kPodIp{"PodIP", Package::kCore, "An address of the pod.", kIpFields};
constexpr Message kHostIp{"HostIP", Package::kCore, "An address of the node.", kIpFields};

constexpr Field kWaitingFields[] = {
    str("reason", "ContainerCreating, CrashLoopBackOff and others."),
    str("message", "Explanation for people."),
};
constexpr Message kWaiting{"ContainerStateWaiting", Package::kCore, "Not started yet.",
                           kWaitingFields};
constexpr Field kRunningFields[] = {time("startedAt", "When it started.")};
constexpr Message kRunning{"ContainerStateRunning", Package::kCore, "Running.", kRunningFields};
constexpr Field kTerminatedFields[] = {
    i32("exitCode", "Exit code.").require().emitAlways(),
    i32("signal", "Signal that ended it."),
    str("reason", "Completed, Error, OOMKilled and others."),
    str("message", "Explanation for people."),
    time("startedAt", "When it started."),
    time("finishedAt", "When it ended."),
    str("containerID", "Id of the container."),
};
constexpr Message kTerminated{"ContainerStateTerminated", Package::kCore, "Ended.",
                              kTerminatedFields};
constexpr Field kStateFields[] = {
    obj("waiting", kWaiting),
    obj("running", kRunning),
    obj("terminated", kTerminated),
};
constexpr Message kState{"ContainerState", Package::kCore,
                         "Waiting, running or terminated: one of them.", kStateFields};

constexpr Field kMountStatusFields[] = {
    str("name", "Name of the volume.").require(),
    str("mountPath", "Path in the container.").require(),
    boolean("readOnly", "Mounted read-only."),
    str("recursiveReadOnly", "Disabled or Enabled."),
};
constexpr Message kMountStatus{"VolumeMountStatus", Package::kCore, "How a volume is mounted.",
                               kMountStatusFields};

constexpr Field kLinuxUserFields[] = {
    i64("uid", "User id.").require(),
    i64("gid", "Group id.").require(),
    i64s("supplementalGroups", "More groups."),
};
constexpr Message kLinuxUser{"LinuxContainerUser", Package::kCore, "Who the process runs as.",
                             kLinuxUserFields};
constexpr Field kUserFields[] = {obj("linux", kLinuxUser)};
constexpr Message kUser{"ContainerUser", Package::kCore, "Who the process runs as.", kUserFields};

constexpr Field kResourceHealthFields[] = {
    str("resourceID", "Id of the resource.").require(),
    str("health", "Healthy, Unhealthy or Unknown."),
};
constexpr Message kResourceHealth{"ResourceHealth", Package::kCore, "Health of a device.",
                                  kResourceHealthFields};
constexpr Field kResourceStatusFields[] = {
    str("name", "Name of the resource.").require(),
    objs("resources", kResourceHealth, "Its devices.").keyedBy("resourceID"),
};
constexpr Message kResourceStatus{"ResourceStatus", Package::kCore, "State of a resource.",
                                  kResourceStatusFields};

constexpr Field kContainerStatusFields[] = {
    str("name", "Name of the container.").require(),
    obj("state", kState, "What it is doing.").emitAlways(),
    obj("lastState", kState, "How it ended before.").emitAlways(),
    boolean("ready", "Whether it passes its readiness probe.").require().emitAlways(),
    i32("restartCount", "How often it was restarted.").require().emitAlways(),
    str("image", "Image it runs.").require().emitAlways(),
    str("imageID", "Digest of the image.").require().emitAlways(),
    str("containerID", "Id of the container."),
    boolean("started", "Whether it passed its startup probe."),
    quantityMap("allocatedResources", "Resources the node set aside."),
    obj("resources", kResourceRequirements, "Resources in force."),
    objs("volumeMounts", kMountStatus, "How volumes are mounted.").by("mountPath"),
    obj("user", kUser, "Who the process runs as."),
    objs("allocatedResourcesStatus", kResourceStatus, "State of devices.").by("name"),
    str("stopSignal", "Signal that stops it."),
};
constexpr Message kContainerStatus{"ContainerStatus", Package::kCore, "State of one container.",
                                   kContainerStatusFields};

constexpr Field kClaimStatusFields[] = {
    str("name", "Name in spec.resourceClaims.").require(),
    str("resourceClaimName", "The claim that was made."),
};
constexpr Message kClaimStatus{"PodResourceClaimStatus", Package::kCore, "A claim of the pod.",
                               kClaimStatusFields};

HITLESS_VALUES(kPhases, "", "Pending", "Running", "Succeeded", "Failed", "Unknown");
constexpr Field kPodStatusFields[] = {
    i64("observedGeneration", "Generation the node has seen."),
    str("phase", "Pending, Running, Succeeded, Failed or Unknown.").oneOf(kPhases),
    objs("conditions", kPodCondition, "Aspects of the pod's state.").by("type"),
    str("message", "Explanation for people."),
    str("reason", "One CamelCase word for programs."),
    str("nominatedNodeName", "Node that is being cleared for the pod."),
    str("hostIP", "Address of the node."),
    objs("hostIPs", kHostIp, "Addresses of the node.").patchBy("ip"),
    str("podIP", "Address of the pod."),
    objs("podIPs", kPodIp, "Addresses of the pod, one for each family.").by("ip"),
    time("startTime", "When the node took the pod on."),
    objs("initContainerStatuses", kContainerStatus, "State of the init containers."),
    objs("containerStatuses", kContainerStatus, "State of the containers."),
    str("qosClass", "Guaranteed, Burstable or BestEffort."),
    objs("ephemeralContainerStatuses", kContainerStatus, "State of the ephemeral containers."),
    str("resize", "State of a resize."),
    objs("resourceClaimStatuses", kClaimStatus, "State of the claims.").by("name").retain(),
};

}  // namespace

constinit const Message kPodStatus{"PodStatus", Package::kCore, "What a pod is.", kPodStatusFields};

}  // namespace hitless::kube::schema

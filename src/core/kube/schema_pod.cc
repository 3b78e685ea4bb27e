#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kHostAliasFields[] = {
    str("ip", "Address.").require().is(Check::kIpAddress),
    strs("hostnames", "Names for it."),
};
constexpr Message kHostAlias{"HostAlias", Package::kCore, "A line of /etc/hosts.",
                             kHostAliasFields};

constexpr Field kDnsOptionFields[] = {
    str("name", "Option of resolv.conf."),
    str("value", "Its value."),
};
constexpr Message kDnsOption{"PodDNSConfigOption", Package::kCore, "A resolver option.",
                             kDnsOptionFields};
constexpr Field kDnsConfigFields[] = {
    strs("nameservers", "Name servers."),
    strs("searches", "Search domains."),
    objs("options", kDnsOption, "Resolver options."),
};
constexpr Message kDnsConfig{"PodDNSConfig", Package::kCore,
                             "What is added to the pod's resolv.conf.", kDnsConfigFields};

constexpr Field kReadinessGateFields[] = {
    str("conditionType", "A condition in the pod's status.").require(),
};
constexpr Message kReadinessGate{"PodReadinessGate", Package::kCore,
                                 "A condition that readiness also depends on.",
                                 kReadinessGateFields};

constexpr Field kSchedulingGateFields[] = {str("name", "Name of the gate.").require()};
constexpr Message kSchedulingGate{"PodSchedulingGate", Package::kCore,
                                  "Keeps the pod from being scheduled.", kSchedulingGateFields};

constexpr Field kResourceClaimFields[] = {
    str("name", "Name that containers refer to.").require(),
    str("resourceClaimName", "An existing ResourceClaim."),
    str("resourceClaimTemplateName", "A template to make one from."),
};
constexpr Message kResourceClaim{"PodResourceClaim", Package::kCore, "A resource claim of the pod.",
                                 kResourceClaimFields};

constexpr Field kOsFields[] = {str("name", "linux or windows.").require()};
constexpr Message kOs{"PodOS", Package::kCore, "Operating system of the containers.", kOsFields};

HITLESS_VALUES(kRestartPolicies, "Always", "OnFailure", "Never");
HITLESS_VALUES(kDnsPolicies, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
HITLESS_VALUES(kPreemptionPolicies, "PreemptLowerPriority", "Never");

constexpr Field kPodSpecFields[] = {
    objs("volumes", kVolume, "Directories that containers can mount.").by("name").retain(),
    objs("initContainers", kContainer, "Run one after the other before the others.").by("name"),
    objs("containers", kContainer, "The programs of the pod.").by("name").require().emitAlways(),
    objs("ephemeralContainers", kEphemeralContainer, "Added later, to look around.").by("name"),
    str("restartPolicy", "Always, OnFailure or Never.").def("Always").oneOf(kRestartPolicies),
    i64("terminationGracePeriodSeconds", "Seconds from the stop signal to the kill.")
        .def("30")
        .is(Check::kNonNegative),
    i64("activeDeadlineSeconds", "Seconds until the pod is ended.").is(Check::kPositive),
    str("dnsPolicy", "Which name servers the pod uses.").def("ClusterFirst").oneOf(kDnsPolicies),
    strMap("nodeSelector", "Labels the node must have.").whole(),
    str("serviceAccountName", "Service account to run as.").is(Check::kDnsSubdomain),
    str("serviceAccount", "Old name of serviceAccountName."),
    boolean("automountServiceAccountToken", "Whether the token is mounted."),
    str("nodeName", "Node the pod runs on; set by the scheduler."),
    boolean("hostNetwork", "Use the node's network."),
    boolean("hostPID", "Use the node's process ids."),
    boolean("hostIPC", "Use the node's IPC."),
    boolean("shareProcessNamespace", "Containers see each other's processes."),
    obj("securityContext", kPodSecurityContext, "Privileges of all containers.").def(""),
    objs("imagePullSecrets", kLocalObjectReference, "Secrets to pull images with.").by("name"),
    str("hostname", "Host name; the pod's name if empty.").is(Check::kDnsLabel),
    str("subdomain", "Gives the host name HOST.SUBDOMAIN.NAMESPACE.svc.DOMAIN.")
        .is(Check::kDnsLabel),
    obj("affinity", kAffinity, "Where the pod wants to run."),
    str("schedulerName", "Scheduler that places the pod.").def("default-scheduler"),
    objs("tolerations", kToleration, "Taints the pod puts up with."),
    objs("hostAliases", kHostAlias, "Lines for /etc/hosts.").by("ip"),
    str("priorityClassName", "PriorityClass.").is(Check::kDnsSubdomain),
    i32("priority", "Priority, from the class."),
    obj("dnsConfig", kDnsConfig, "Additions to resolv.conf."),
    objs("readinessGates", kReadinessGate, "Conditions that readiness also depends on."),
    str("runtimeClassName", "RuntimeClass.").is(Check::kDnsSubdomain),
    boolean("enableServiceLinks", "Put Services into environment variables."),
    str("preemptionPolicy", "Whether it may push others out.").oneOf(kPreemptionPolicies),
    quantityMap("overhead", "Resources of the sandbox itself."),
    objs("topologySpreadConstraints", kTopologySpreadConstraint, "How pods spread over places.")
        .patchBy("topologyKey")
        .keyedBy("topologyKey", "whenUnsatisfiable"),
    boolean("setHostnameAsFQDN", "Use the full domain name as host name."),
    obj("os", kOs, "Operating system."),
    boolean("hostUsers", "False gives the pod a user namespace."),
    objs("schedulingGates", kSchedulingGate, "Keep the pod from being scheduled.").by("name"),
    objs("resourceClaims", kResourceClaim, "Resource claims.").by("name").retain(),
    obj("resources", kResourceRequirements, "Resources of the pod as a whole."),
};

constexpr Message kPodSpec{"PodSpec", Package::kCore, "What a pod is to be.", kPodSpecFields};

constexpr Field kTemplateFields[] = {
    obj("metadata", kObjectMeta, "Labels and annotations of the pods.").emitAlways(),
    obj("spec", kPodSpec, "What the pods are to be.").emitAlways(),
};

constexpr Field kPodFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kPodSpec, "What the pod is to be.").emitAlways(),
    obj("status", kPodStatus, "What the pod is; written by its node.").emitAlways(),
};

}  // namespace

constinit const Message kPodTemplateSpec{"PodTemplateSpec", Package::kCore,
                                         "What pods are made from.", kTemplateFields};
constinit const Message kPod{"Pod", Package::kCore,
                             "Containers that run together on one node, with one IP.", kPodFields};

}  // namespace hitless::kube::schema

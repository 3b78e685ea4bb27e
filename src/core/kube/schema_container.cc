#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kOptionalNameFields[] = {
    str("name", "Name of the object."),
    boolean("optional", "The object may be absent."),
};
constexpr Message kConfigMapEnvSource{"ConfigMapEnvSource", Package::kCore,
                                      "All keys of a ConfigMap.", kOptionalNameFields};
constexpr Message kSecretEnvSource{"SecretEnvSource", Package::kCore, "All keys of a Secret.",
                                   kOptionalNameFields};

constexpr Field kKeySelectorFields[] = {
    str("name", "Name of the object."),
    str("key", "Key in its data.").require(),
    boolean("optional", "The object or key may be absent."),
};
constexpr Message kConfigMapKey{"ConfigMapKeySelector", Package::kCore, "A key of a ConfigMap.",
                                kKeySelectorFields, true};
constexpr Message kSecretKey{"SecretKeySelector", Package::kCore, "A key of a Secret.",
                             kKeySelectorFields, true};

constexpr Field kEnvSourceFields[] = {
    obj("fieldRef", kObjectFieldSelector, "A field of the pod."),
    obj("resourceFieldRef", kResourceFieldSelector, "A request or limit of a container."),
    obj("configMapKeyRef", kConfigMapKey, "A key of a ConfigMap."),
    obj("secretKeyRef", kSecretKey, "A key of a Secret."),
};
constexpr Message kEnvSource{"EnvVarSource", Package::kCore, "Where a variable's value is from.",
                             kEnvSourceFields};

constexpr Field kEnvVarFields[] = {
    str("name", "Name of the variable.").require().is(Check::kEnvName),
    str("value", "Value; $(OTHER) is replaced by a variable defined before."),
    obj("valueFrom", kEnvSource, "Source of the value, instead of value."),
};
constexpr Message kEnvVar{"EnvVar", Package::kCore, "One environment variable.", kEnvVarFields};

constexpr Field kEnvFromFields[] = {
    str("prefix", "Put before each key."),
    obj("configMapRef", kConfigMapEnvSource, "All keys of a ConfigMap."),
    obj("secretRef", kSecretEnvSource, "All keys of a Secret."),
};
constexpr Message kEnvFrom{"EnvFromSource", Package::kCore, "Many variables from one object.",
                           kEnvFromFields};

constexpr Field kContainerPortFields[] = {
    str("name", "Name that Services can refer to.").is(Check::kPortName),
    i32("hostPort", "The same port on the node, if not 0."),
    i32("containerPort", "Port the process listens on.").require().is(Check::kPortNumber),
    str("protocol", "TCP, UDP or SCTP.").def("TCP").oneOf(kProtocols),
    str("hostIP", "Address of the node for hostPort."),
};
constexpr Message kContainerPort{"ContainerPort", Package::kCore, "A port the container serves.",
                                 kContainerPortFields};

constexpr Field kExecFields[] = {strs("command", "Program and arguments; no shell.")};
constexpr Message kExec{"ExecAction", Package::kCore, "Run a program in the container.",
                        kExecFields};

constexpr Field kHttpHeaderFields[] = {
    str("name", "Header name.").require(),
    str("value", "Header value.").require().emitAlways(),
};
constexpr Message kHttpHeader{"HTTPHeader", Package::kCore, "A header to send.", kHttpHeaderFields};

HITLESS_VALUES(kSchemes, "HTTP", "HTTPS");
constexpr Field kHttpGetFields[] = {
    str("path", "Path to ask for.").def("/"),
    intOrStr("port", "Port number or name.").require().is(Check::kPortOrName),
    str("host", "Host to connect to; the pod's IP if empty."),
    str("scheme", "HTTP or HTTPS.").def("HTTP").oneOf(kSchemes),
    objs("httpHeaders", kHttpHeader, "Headers to send."),
};
constexpr Message kHttpGet{"HTTPGetAction", Package::kCore, "Make an HTTP request.",
                           kHttpGetFields};

constexpr Field kTcpSocketFields[] = {
    intOrStr("port", "Port number or name.").require().is(Check::kPortOrName),
    str("host", "Host to connect to; the pod's IP if empty."),
};
constexpr Message kTcpSocket{"TCPSocketAction", Package::kCore, "Open a TCP connection.",
                             kTcpSocketFields};

constexpr Field kGrpcFields[] = {
    i32("port", "Port number.").require().is(Check::kPortNumber),
    str("service", "Service to ask the gRPC health service for.").def(""),
};
constexpr Message kGrpc{"GRPCAction", Package::kCore, "Ask the gRPC health service.", kGrpcFields};

constexpr Field kSleepFields[] = {i64("seconds", "How long.").require().is(Check::kNonNegative)};
constexpr Message kSleep{"SleepAction", Package::kCore, "Wait.", kSleepFields};

constexpr Field kProbeFields[] = {
    obj("exec", kExec, "Run a program; exit code 0 is success."),
    obj("httpGet", kHttpGet, "Make an HTTP request; 200-399 is success."),
    obj("tcpSocket", kTcpSocket, "Open a TCP connection."),
    obj("grpc", kGrpc, "Ask the gRPC health service."),
    i32("initialDelaySeconds", "Seconds after start before the first try.").is(Check::kNonNegative),
    i32("timeoutSeconds", "Seconds until a try fails.").def("1").orZero().is(Check::kNonNegative),
    i32("periodSeconds", "Seconds between tries.").def("10").orZero().is(Check::kNonNegative),
    i32("successThreshold", "Successes in a row that count as success.")
        .def("1")
        .orZero()
        .is(Check::kNonNegative),
    i32("failureThreshold", "Failures in a row that count as failure.")
        .def("3")
        .orZero()
        .is(Check::kNonNegative),
    i64("terminationGracePeriodSeconds", "Grace period when this probe ends the container.")
        .is(Check::kPositive),
};
constexpr Message kProbe{"Probe", Package::kCore, "A check that the kubelet repeats.",
                         kProbeFields};

constexpr Field kHandlerFields[] = {
    obj("exec", kExec, "Run a program in the container."),
    obj("httpGet", kHttpGet, "Make an HTTP request."),
    obj("tcpSocket", kTcpSocket, "Deprecated; does nothing."),
    obj("sleep", kSleep, "Wait."),
};
constexpr Message kHandler{"LifecycleHandler", Package::kCore,
                           "What to do at a moment of the container's life.", kHandlerFields};

constexpr Field kLifecycleFields[] = {
    obj("postStart", kHandler, "Right after the container is made."),
    obj("preStop", kHandler, "Before the container is told to stop; counts as grace period."),
    str("stopSignal", "Signal to stop the container with, instead of the image's."),
};
constexpr Message kLifecycle{"Lifecycle", Package::kCore, "Hooks of a container.",
                             kLifecycleFields};

constexpr Field kClaimFields[] = {
    str("name", "A name of spec.resourceClaims.").require(),
    str("request", "A request of that claim."),
};
constexpr Message kClaim{"ResourceClaim", Package::kCore, "Use of a resource claim.", kClaimFields};

constexpr Field kResourceFields[] = {
    quantityMap("limits", "The most the container may use."),
    quantityMap("requests", "What the scheduler sets aside; limits if absent."),
    objs("claims", kClaim, "Resource claims in use.").keyedBy("name"),
};

constexpr Field kResizePolicyFields[] = {
    str("resourceName", "cpu or memory.").require(),
    str("restartPolicy", "NotRequired or RestartContainer.").require(),
};
constexpr Message kResizePolicy{"ContainerResizePolicy", Package::kCore,
                                "Whether a resize restarts the container.", kResizePolicyFields};

HITLESS_VALUES(kPropagations, "None", "HostToContainer", "Bidirectional");
constexpr Field kVolumeMountFields[] = {
    str("name", "Name of the volume.").require(),
    boolean("readOnly", "Mount read-only."),
    str("recursiveReadOnly", "Disabled, IfPossible or Enabled."),
    str("mountPath", "Path in the container.").require(),
    str("subPath", "Path in the volume."),
    str("mountPropagation", "How mounts spread.").oneOf(kPropagations),
    str("subPathExpr", "Path in the volume, with $(VARIABLES)."),
};
constexpr Message kVolumeMount{"VolumeMount", Package::kCore, "Where a volume appears.",
                               kVolumeMountFields};

constexpr Field kVolumeDeviceFields[] = {
    str("name", "Name of a claim volume.").require(),
    str("devicePath", "Path of the device in the container.").require(),
};
constexpr Message kVolumeDevice{"VolumeDevice", Package::kCore, "A raw block device.",
                                kVolumeDeviceFields};

HITLESS_VALUES(kPullPolicies, "Always", "IfNotPresent", "Never");
HITLESS_VALUES(kMessagePolicies, "File", "FallbackToLogsOnError");

constexpr Field kNameField =
    str("name", "Name, unique in the pod; cannot change.").require().is(Check::kDnsLabel);
constexpr Field kImageField = str("image", "Image to run.");
constexpr Field kCommandField = strs("command", "Entry point; the image's if absent.");
constexpr Field kArgsField = strs("args", "Arguments; the image's if absent.");
constexpr Field kWorkingDirField = str("workingDir", "Working directory; the image's if absent.");
constexpr Field kPortsField = objs("ports", kContainerPort, "Ports the container serves.")
                                  .patchBy("containerPort")
                                  .keyedBy("containerPort", "protocol");
constexpr Field kEnvFromField = objs("envFrom", kEnvFrom, "Variables from whole objects.");
constexpr Field kEnvField = objs("env", kEnvVar, "Environment variables.").by("name");
constexpr Field kResourcesField =
    obj("resources", kResourceRequirements, "CPU and memory.").emitAlways();
constexpr Field kResizePolicyField = objs("resizePolicy", kResizePolicy);
constexpr Field kRestartPolicyField =
    str("restartPolicy", "Always makes an init container a sidecar.");
constexpr Field kVolumeMountsField =
    objs("volumeMounts", kVolumeMount, "Volumes to mount.").by("mountPath");
constexpr Field kVolumeDevicesField =
    objs("volumeDevices", kVolumeDevice, "Block devices to use.").by("devicePath");
constexpr Field kLivenessField =
    obj("livenessProbe", kProbe, "When it fails, the container is restarted.");
constexpr Field kReadinessField =
    obj("readinessProbe", kProbe, "While it fails, Services send nothing.");
constexpr Field kStartupField =
    obj("startupProbe", kProbe, "Until it succeeds, the other probes wait.");
constexpr Field kLifecycleField = obj("lifecycle", kLifecycle, "Hooks after start, before stop.");
constexpr Field kMessagePathField =
    str("terminationMessagePath", "File whose content is kept as the last message.")
        .def("/dev/termination-log");
constexpr Field kMessagePolicyField =
    str("terminationMessagePolicy", "File or FallbackToLogsOnError.")
        .def("File")
        .oneOf(kMessagePolicies);
constexpr Field kPullPolicyField =
    str("imagePullPolicy", "Always for :latest, else IfNotPresent.").oneOf(kPullPolicies);
constexpr Field kSecurityField = obj("securityContext", kSecurityContext, "Privileges.");
constexpr Field kStdinField = boolean("stdin", "Keep standard input open.");
constexpr Field kStdinOnceField = boolean("stdinOnce", "Close it after the first attach.");
constexpr Field kTtyField = boolean("tty", "Run in a terminal.");

constexpr Field kContainerFields[] = {
    kNameField,          kImageField,        kCommandField,       kArgsField,
    kWorkingDirField,    kPortsField,        kEnvFromField,       kEnvField,
    kResourcesField,     kResizePolicyField, kRestartPolicyField, kVolumeMountsField,
    kVolumeDevicesField, kLivenessField,     kReadinessField,     kStartupField,
    kLifecycleField,     kMessagePathField,  kMessagePolicyField, kPullPolicyField,
    kSecurityField,      kStdinField,        kStdinOnceField,     kTtyField,
};

constexpr Field kEphemeralContainerFields[] = {
    kNameField,
    kImageField,
    kCommandField,
    kArgsField,
    kWorkingDirField,
    kPortsField,
    kEnvFromField,
    kEnvField,
    kResourcesField,
    kResizePolicyField,
    kRestartPolicyField,
    kVolumeMountsField,
    kVolumeDevicesField,
    kLivenessField,
    kReadinessField,
    kStartupField,
    kLifecycleField,
    kMessagePathField,
    kMessagePolicyField,
    kPullPolicyField,
    kSecurityField,
    kStdinField,
    kStdinOnceField,
    kTtyField,
    str("targetContainerName", "Container whose namespaces it shares."),
};

}  // namespace

constinit const Message kResourceRequirements{"ResourceRequirements", Package::kCore,
                                              "CPU, memory and other resources.", kResourceFields};
constinit const Message kContainer{"Container", Package::kCore, "One program of the pod.",
                                   kContainerFields};
constinit const Message kEphemeralContainer{"EphemeralContainer", Package::kCore,
                                            "A container added to a running pod to look around.",
                                            kEphemeralContainerFields};

}  // namespace hitless::kube::schema

#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kSeLinuxFields[] = {
    str("user", "SELinux user label."),
    str("role", "SELinux role label."),
    str("type", "SELinux type label."),
    str("level", "SELinux level label."),
};
constexpr Message kSeLinux{"SELinuxOptions", Package::kCore, "SELinux labels of the processes.",
                           kSeLinuxFields};

constexpr Field kWindowsFields[] = {
    str("gmsaCredentialSpecName", "Name of the GMSA credential spec."),
    str("gmsaCredentialSpec", "Content of the GMSA credential spec."),
    str("runAsUserName", "Windows user."),
    boolean("hostProcess", "Run as a host process container."),
};
constexpr Message kWindows{"WindowsSecurityContextOptions", Package::kCore,
                           "Settings for Windows nodes.", kWindowsFields};

HITLESS_VALUES(kProfileTypes, "Localhost", "RuntimeDefault", "Unconfined");
constexpr Field kProfileFields[] = {
    str("type", "Localhost, RuntimeDefault or Unconfined.").require().oneOf(kProfileTypes),
    str("localhostProfile", "Profile on the node, for Localhost."),
};
constexpr Message kSeccomp{"SeccompProfile", Package::kCore, "System calls that are allowed.",
                           kProfileFields};
constexpr Message kAppArmor{"AppArmorProfile", Package::kCore, "AppArmor confinement.",
                            kProfileFields};

constexpr Field kCapabilitiesFields[] = {
    strs("add", "Capabilities to add."),
    strs("drop", "Capabilities to take away; ALL for all of them."),
};
constexpr Message kCapabilities{"Capabilities", Package::kCore, "Linux capabilities.",
                                kCapabilitiesFields};

constexpr Field kSysctlFields[] = {
    str("name", "Name of the sysctl.").require(),
    str("value", "Its value.").require(),
};
constexpr Message kSysctl{"Sysctl", Package::kCore, "A namespaced kernel parameter.",
                          kSysctlFields};

constexpr Field kSecurityContextFields[] = {
    obj("capabilities", kCapabilities, "Capabilities to add or drop."),
    boolean("privileged", "Run with all privileges of the node."),
    obj("seLinuxOptions", kSeLinux),
    obj("windowsOptions", kWindows),
    i64("runAsUser", "User id of the process.").is(Check::kNonNegative),
    i64("runAsGroup", "Group id of the process.").is(Check::kNonNegative),
    boolean("runAsNonRoot", "Refuse to run as user 0."),
    boolean("readOnlyRootFilesystem", "Mount the root read-only."),
    boolean("allowPrivilegeEscalation", "Whether a child may gain privileges."),
    str("procMount", "How /proc is mounted."),
    obj("seccompProfile", kSeccomp),
    obj("appArmorProfile", kAppArmor),
};

HITLESS_VALUES(kGroupChangePolicies, "OnRootMismatch", "Always");
constexpr Field kPodSecurityContextFields[] = {
    obj("seLinuxOptions", kSeLinux),
    obj("windowsOptions", kWindows),
    i64("runAsUser", "User id of all processes.").is(Check::kNonNegative),
    i64("runAsGroup", "Group id of all processes.").is(Check::kNonNegative),
    boolean("runAsNonRoot", "Refuse to run as user 0."),
    i64s("supplementalGroups", "More groups of all processes."),
    str("supplementalGroupsPolicy", "Merge or Strict."),
    i64("fsGroup", "Group that owns the volumes.").is(Check::kNonNegative),
    objs("sysctls", kSysctl, "Kernel parameters of the pod."),
    str("fsGroupChangePolicy", "OnRootMismatch or Always.").oneOf(kGroupChangePolicies),
    obj("seccompProfile", kSeccomp),
    obj("appArmorProfile", kAppArmor),
    str("seLinuxChangePolicy", "MountOption or Recursive."),
};

}  // namespace

constinit const Message kSecurityContext{"SecurityContext", Package::kCore,
                                         "Privileges of one container.", kSecurityContextFields};
constinit const Message kPodSecurityContext{"PodSecurityContext", Package::kCore,
                                            "Privileges of all containers of the pod.",
                                            kPodSecurityContextFields};

}  // namespace hitless::kube::schema

#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kKeyToPathFields[] = {
    str("key", "Key in the data.").require(),
    str("path", "Relative path of the file; no .. in it.").require(),
    i32("mode", "Permission bits of the file.").is(Check::kFileMode),
};
constexpr Message kKeyToPath{"KeyToPath", Package::kCore, "One key of a map as one file.",
                             kKeyToPathFields};

constexpr Field kObjectFieldSelectorFields[] = {
    str("apiVersion", "Version of the API that fieldPath is written in.").def("v1"),
    str("fieldPath", "Path of the field, such as metadata.name or status.podIP.").require(),
};

constexpr Field kResourceFieldSelectorFields[] = {
    str("containerName", "Container; needed in volumes, optional in env."),
    str("resource", "limits.cpu, requests.memory and the like.").require(),
    quantity("divisor", "Unit of the output; 1 if absent."),
};

constexpr Field kDownwardApiFileFields[] = {
    str("path", "Relative path of the file.").require(),
    obj("fieldRef", kObjectFieldSelector, "Field of the pod."),
    obj("resourceFieldRef", kResourceFieldSelector, "Resource of a container."),
    i32("mode", "Permission bits of the file.").is(Check::kFileMode),
};
constexpr Message kDownwardApiFile{"DownwardAPIVolumeFile", Package::kCore,
                                   "One field of the pod as one file.", kDownwardApiFileFields};

constexpr Field kConfigMapSourceFields[] = {
    str("name", "Name of the ConfigMap."),
    objs("items", kKeyToPath, "Keys to show; all of them if empty."),
    i32("defaultMode", "Permission bits of the files.").def("420").is(Check::kFileMode),
    boolean("optional", "The ConfigMap may be absent."),
};
constexpr Message kConfigMapSource{"ConfigMapVolumeSource", Package::kCore,
                                   "The keys of a ConfigMap as files.", kConfigMapSourceFields};

constexpr Field kSecretSourceFields[] = {
    str("secretName", "Name of the Secret."),
    objs("items", kKeyToPath, "Keys to show; all of them if empty."),
    i32("defaultMode", "Permission bits of the files.").def("420").is(Check::kFileMode),
    boolean("optional", "The Secret may be absent."),
};
constexpr Message kSecretSource{"SecretVolumeSource", Package::kCore,
                                "The keys of a Secret as files.", kSecretSourceFields};

constexpr Field kDownwardApiSourceFields[] = {
    objs("items", kDownwardApiFile, "Files to make."),
    i32("defaultMode", "Permission bits of the files.").def("420").is(Check::kFileMode),
};
constexpr Message kDownwardApiSource{"DownwardAPIVolumeSource", Package::kCore,
                                     "Fields of the pod as files.", kDownwardApiSourceFields};

HITLESS_VALUES(kMediums, "", "Memory", "HugePages", "HugePages-2Mi", "HugePages-1Gi");
constexpr Field kEmptyDirFields[] = {
    str("medium", "Empty for the node's disk, Memory for tmpfs.").oneOf(kMediums),
    quantity("sizeLimit", "The most it may hold."),
};
constexpr Message kEmptyDir{"EmptyDirVolumeSource", Package::kCore,
                            "A directory that lives as long as the pod.", kEmptyDirFields};

HITLESS_VALUES(kHostPathTypes, "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File",
               "Socket", "CharDevice", "BlockDevice");
constexpr Field kHostPathFields[] = {
    str("path", "Path on the node.").require(),
    str("type", "What must be there; empty for no check.").def("").oneOf(kHostPathTypes),
};
constexpr Message kHostPath{"HostPathVolumeSource", Package::kCore,
                            "A file or directory of the node.", kHostPathFields};

constexpr Field kClaimSourceFields[] = {
    str("claimName", "Name of the PersistentVolumeClaim.").require(),
    boolean("readOnly", "Mount read-only."),
};
constexpr Message kClaimSource{"PersistentVolumeClaimVolumeSource", Package::kCore,
                               "The volume behind a PersistentVolumeClaim.", kClaimSourceFields};

constexpr Field kNfsFields[] = {
    str("server", "Host name or address.").require(),
    str("path", "Exported path.").require(),
    boolean("readOnly", "Mount read-only."),
};
constexpr Message kNfs{"NFSVolumeSource", Package::kCore, "An NFS export.", kNfsFields};

constexpr Field kCsiFields[] = {
    str("driver", "Name of the CSI driver.").require(),
    boolean("readOnly", "Mount read-only."),
    str("fsType", "Filesystem."),
    strMap("volumeAttributes", "What the driver wants to know."),
    obj("nodePublishSecretRef", kLocalObjectReference, "Secret for the driver."),
};
constexpr Message kCsi{"CSIVolumeSource", Package::kCore, "A volume that a CSI driver makes.",
                       kCsiFields};

HITLESS_VALUES(kPullPolicies, "Always", "IfNotPresent", "Never");
constexpr Field kImageFields[] = {
    str("reference", "Image or artifact."),
    str("pullPolicy", "Always, IfNotPresent or Never.").oneOf(kPullPolicies),
};
constexpr Message kImage{"ImageVolumeSource", Package::kCore, "The content of an image.",
                         kImageFields};

constexpr Field kTypedLocalReferenceFields[] = {
    str("apiGroup", "Group of the object."),
    str("kind", "Kind of the object.").require(),
    str("name", "Name of the object.").require(),
};
constexpr Message kTypedLocalReference{"TypedLocalObjectReference", Package::kCore,
                                       "An object of any kind in the same namespace.",
                                       kTypedLocalReferenceFields, true};
constexpr Field kTypedReferenceFields[] = {
    str("apiGroup", "Group of the object."),
    str("kind", "Kind of the object.").require(),
    str("name", "Name of the object.").require(),
    str("namespace", "Namespace of the object."),
};
constexpr Message kTypedReference{"TypedObjectReference", Package::kCore, "An object of any kind.",
                                  kTypedReferenceFields};

constexpr Field kVolumeResourcesFields[] = {
    quantityMap("limits", "The most storage."),
    quantityMap("requests", "The least storage."),
};
constexpr Message kVolumeResources{"VolumeResourceRequirements", Package::kCore,
                                   "How much storage.", kVolumeResourcesFields};

constexpr Field kClaimSpecFields[] = {
    strs("accessModes", "How the volume may be mounted."),
    obj("selector", kLabelSelector, "Volumes to choose from."),
    obj("resources", kVolumeResources, "Size.").emitAlways(),
    str("volumeName", "The volume that is bound."),
    str("storageClassName", "StorageClass."),
    str("volumeMode", "Filesystem or Block.").def("Filesystem"),
    obj("dataSource", kTypedLocalReference, "Where the content comes from."),
    obj("dataSourceRef", kTypedReference, "Where the content comes from."),
    str("volumeAttributesClassName", "VolumeAttributesClass."),
};

}  // namespace

constinit const Message kClaimSpec{"PersistentVolumeClaimSpec", Package::kCore,
                                   "What storage is wanted.", kClaimSpecFields};

namespace {

constexpr Field kClaimTemplateFields[] = {
    obj("metadata", kObjectMeta, "Labels and annotations of the claim.").emitAlways(),
    obj("spec", kClaimSpec, "The claim.").require().emitAlways(),
};
constexpr Message kClaimTemplate{"PersistentVolumeClaimTemplate", Package::kCore,
                                 "A claim made with the pod.", kClaimTemplateFields};
constexpr Field kEphemeralFields[] = {obj("volumeClaimTemplate", kClaimTemplate, "The claim.")};
constexpr Message kEphemeral{"EphemeralVolumeSource", Package::kCore,
                             "A volume that is made and deleted with the pod.", kEphemeralFields};

constexpr Field kProjectedNameFields[] = {
    str("name", "Name of the object."),
    objs("items", kKeyToPath, "Keys to show; all of them if empty."),
    boolean("optional", "The object may be absent."),
};
constexpr Message kSecretProjection{"SecretProjection", Package::kCore,
                                    "The keys of a Secret as files.", kProjectedNameFields};
constexpr Message kConfigMapProjection{"ConfigMapProjection", Package::kCore,
                                       "The keys of a ConfigMap as files.", kProjectedNameFields};
constexpr Field kDownwardApiProjectionFields[] = {
    objs("items", kDownwardApiFile, "Files to make."),
};
constexpr Message kDownwardApiProjection{"DownwardAPIProjection", Package::kCore,
                                         "Fields of the pod as files.",
                                         kDownwardApiProjectionFields};
constexpr Field kTokenProjectionFields[] = {
    str("audience", "Who is meant to accept the token."),
    i64("expirationSeconds", "Lifetime, at least 600.").def("3600"),
    str("path", "Relative path of the file.").require(),
};
constexpr Message kTokenProjection{"ServiceAccountTokenProjection", Package::kCore,
                                   "A token of the pod's service account as a file.",
                                   kTokenProjectionFields};
constexpr Field kTrustBundleFields[] = {
    str("name", "Name of the ClusterTrustBundle."),
    str("signerName", "All bundles of this signer."),
    obj("labelSelector", kLabelSelector, "Bundles to choose from."),
    boolean("optional", "The bundle may be absent."),
    str("path", "Relative path of the file.").require(),
};
constexpr Message kTrustBundle{"ClusterTrustBundleProjection", Package::kCore,
                               "Trust anchors as a file.", kTrustBundleFields};
constexpr Field kProjectionFields[] = {
    obj("secret", kSecretProjection),        obj("downwardAPI", kDownwardApiProjection),
    obj("configMap", kConfigMapProjection),  obj("serviceAccountToken", kTokenProjection),
    obj("clusterTrustBundle", kTrustBundle),
};
constexpr Message kProjection{"VolumeProjection", Package::kCore,
                              "One of several sources in one directory.", kProjectionFields};
constexpr Field kProjectedFields[] = {
    objs("sources", kProjection, "What is in the directory."),
    i32("defaultMode", "Permission bits of the files.").def("420").is(Check::kFileMode),
};
constexpr Message kProjected{"ProjectedVolumeSource", Package::kCore,
                             "Several sources in one directory.", kProjectedFields};

}  // namespace

constinit const Message kObjectFieldSelector{
    "ObjectFieldSelector", Package::kCore, "A field of the pod.", kObjectFieldSelectorFields, true};
constinit const Message kResourceFieldSelector{"ResourceFieldSelector", Package::kCore,
                                               "A request or limit of a container.",
                                               kResourceFieldSelectorFields, true};

namespace {

constexpr Field kVolumeFields[] = {
    str("name", "Name that volumeMounts refer to.").require().is(Check::kDnsLabel),
    obj("hostPath", kHostPath, "A file or directory of the node."),
    obj("emptyDir", kEmptyDir, "An empty directory that lives as long as the pod."),
    obj("configMap", kConfigMapSource, "The keys of a ConfigMap as files."),
    obj("secret", kSecretSource, "The keys of a Secret as files."),
    obj("downwardAPI", kDownwardApiSource, "Fields of the pod as files."),
    obj("projected", kProjected, "Several sources in one directory."),
    obj("persistentVolumeClaim", kClaimSource, "The volume behind a claim."),
    obj("ephemeral", kEphemeral, "A claim made and deleted with the pod."),
    obj("csi", kCsi, "A volume that a CSI driver makes."),
    obj("nfs", kNfs, "An NFS export."),
    obj("image", kImage, "The content of an image."),
    // Sources that belong to other people's storage: known, passed through, not looked into.
    any("awsElasticBlockStore"),
    any("azureDisk"),
    any("azureFile"),
    any("cephfs"),
    any("cinder"),
    any("fc"),
    any("flexVolume"),
    any("flocker"),
    any("gcePersistentDisk"),
    any("gitRepo"),
    any("glusterfs"),
    any("iscsi"),
    any("photonPersistentDisk"),
    any("portworxVolume"),
    any("quobyte"),
    any("rbd"),
    any("scaleIO"),
    any("storageos"),
    any("vsphereVolume"),
};

}  // namespace

constinit const Message kVolume{"Volume", Package::kCore,
                                "A directory that containers of the pod can mount.", kVolumeFields};

}  // namespace hitless::kube::schema

#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kOwnerReferenceFields[] = {
    str("apiVersion", "API version of the owner.").require(),
    str("kind", "Kind of the owner.").require(),
    str("name", "Name of the owner.").require(),
    str("uid", "UID of the owner.").require(),
    boolean("controller", "True for the one owner that manages this object."),
    boolean("blockOwnerDeletion",
            "With foreground deletion, the owner waits until this object is gone."),
};

constexpr Message kOwnerReference{
    "OwnerReference", Package::kMeta,
    "The object that this one belongs to; when all owners are gone it is deleted.",
    kOwnerReferenceFields, true};

constexpr Field kManagedFieldsEntryFields[] = {
    str("manager", "Who wrote."),
    str("operation", "Apply or Update."),
    str("apiVersion", "API version that the field set is written in."),
    time("time", "When the entry last changed."),
    str("fieldsType", "Always FieldsV1."),
    any("fieldsV1", "The set of fields, as a tree of f:NAME and k:{KEYS}."),
    str("subresource", "Subresource through which it was written, if any."),
};

constexpr Message kManagedFieldsEntry{"ManagedFieldsEntry", Package::kMeta,
                                      "Which fields one writer owns.", kManagedFieldsEntryFields};

constexpr Field kObjectMetaFields[] = {
    str("name", "Unique within a namespace among objects of one kind; cannot change."),
    str("generateName", "Prefix from which the server makes a unique name if name is empty."),
    str("namespace", "Namespace the object lives in; cannot change."),
    str("selfLink", "No longer set."),
    str("uid", "Unique over all time; set by the server."),
    str("resourceVersion", "Version of this state; send it back to detect a lost update."),
    i64("generation", "Counts changes of the desired state."),
    time("creationTimestamp", "When the server created the object."),
    time("deletionTimestamp", "When the object is to be gone, once deletion was asked for."),
    i64("deletionGracePeriodSeconds", "Seconds that the deletion may take."),
    strMap("labels", "Key-value pairs to select objects by."),
    strMap("annotations", "Key-value pairs for tools to keep data in; not selectable."),
    objs("ownerReferences", kOwnerReference, "Objects that this one belongs to.").by("uid"),
    strs("finalizers", "Who must let go before the object can disappear.").asSet(),
    objs("managedFields", kManagedFieldsEntry, "Which writer owns which fields."),
};

constexpr Field kLabelSelectorRequirementFields[] = {
    str("key", "Label key.").require(),
    str("operator", "In, NotIn, Exists or DoesNotExist.").require(),
    strs("values", "Values for In and NotIn; empty for the others."),
};

constexpr Message kLabelSelectorRequirement{"LabelSelectorRequirement", Package::kMeta,
                                            "A condition on one label.",
                                            kLabelSelectorRequirementFields};

constexpr Field kLabelSelectorFields[] = {
    strMap("matchLabels", "Labels that must have exactly these values."),
    objs("matchExpressions", kLabelSelectorRequirement, "Conditions, all of which must hold."),
};

HITLESS_VALUES(kConditionStatuses, "True", "False", "Unknown");

constexpr Field kConditionFields[] = {
    str("type", "Name of the condition.").require(),
    str("status", "True, False or Unknown.").require().oneOf(kConditionStatuses),
    i64("observedGeneration", "Generation of the object that the condition was set for.")
        .is(Check::kNonNegative),
    time("lastTransitionTime", "When status last changed.").require(),
    str("reason", "One CamelCase word for programs.").require(),
    str("message", "Explanation for people.").require(),
};

constexpr Field kObjectReferenceFields[] = {
    str("kind", "Kind of the object."),
    str("namespace", "Namespace of the object."),
    str("name", "Name of the object."),
    str("uid", "UID of the object."),
    str("apiVersion", "API version of the object."),
    str("resourceVersion", "Version of the object."),
    str("fieldPath", "A part of the object, such as spec.containers{name}."),
};

constexpr Field kLocalObjectReferenceFields[] = {
    str("name", "Name of an object in the same namespace."),
};

}  // namespace

constinit const Message kObjectMeta{"ObjectMeta", Package::kMeta,
                                    "What every stored object has, whatever its kind.",
                                    kObjectMetaFields};
constinit const Message kLabelSelector{
    "LabelSelector", Package::kMeta,
    "Selects objects by label; all conditions must hold. An empty selector selects everything.",
    kLabelSelectorFields, true};
constinit const Message kCondition{"Condition", Package::kMeta,
                                   "One aspect of the state of an object.", kConditionFields};
constinit const Message kObjectReference{"ObjectReference", Package::kCore,
                                         "Points at another object, or a part of it.",
                                         kObjectReferenceFields, true};
constinit const Message kLocalObjectReference{"LocalObjectReference", Package::kCore,
                                              "Points at an object in the same namespace.",
                                              kLocalObjectReferenceFields, true};

}  // namespace hitless::kube::schema

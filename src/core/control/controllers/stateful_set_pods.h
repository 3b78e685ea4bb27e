#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/control/controllers/ownership.h"
#include "core/kube/stateful_set.h"

/// The identity of a StatefulSet's pods: name, host name, subdomain, labels and claims.
namespace hitless::control {

inline constexpr std::string_view kStatefulSetController = "statefulset-controller";

std::string podName(const kube::StatefulSet& set, std::int64_t ordinal);
/// The number in the pod's name; nullopt if it is no name of this set's pods.
std::optional<std::int64_t> ordinalOf(const kube::StatefulSet& set, std::string_view podName);
/// "db" for "db-3": the set that a pod of this name would belong to; empty if there is none.
std::string_view setNameOf(std::string_view podName);

/// The pod with this ordinal, made from a revision's template.
kube::json::object podFor(const kube::StatefulSet& set, const kube::json::object& podTemplate,
                          const std::string& revision, std::int64_t ordinal);

/// Gives an adopted pod the labels of its identity; nullopt if it has them.
std::optional<Patch> identityPatch(const kube::StatefulSet& set, const kube::Pod& pod,
                                   std::int64_t ordinal);

/// "create Pod db-0 in StatefulSet db successful"; tell whoever carries it out of failures.
Outcome failureOutcome(const kube::StatefulSet& set, std::string_view verb,
                       const std::string& podName);
EmitEvent successEvent(const kube::StatefulSet& set, std::string_view verb,
                       const std::string& podName);

}  // namespace hitless::control

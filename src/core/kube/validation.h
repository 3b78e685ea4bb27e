#pragma once

#include <string>
#include <vector>

#include "core/kube/field_error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

// The order on the way in: checkTypes, unknownFields or pruneUnknown, applyDefaults, validate*.
// Validators expect a defaulted object of right JSON types; a wrong type reads as "not there".

std::vector<FieldError> validateCreate(const Resource& resource, const json::object& object);

/// Also what may not change: pod spec, workload selectors, metadata.name, ConfigMap data once
/// immutable, Service clusterIP, EndpointSlice addressType ...
std::vector<FieldError> validateUpdate(const Resource& resource, const json::object& now,
                                       const json::object& before);

/// Wrong JSON types: kInvalid with the text of Go's decoder, "json: cannot unmarshal string into Go
/// struct field DeploymentSpec.spec.replicas of type int32".
Status checkTypes(const Resource& resource, const json::object& object);

/// Paths of fields that the kind does not have ("spec.template.spec.containers[0].foo"), in
/// document order: each makes one `unknown field "PATH"` of a strict decoding error.
std::vector<std::string> unknownFields(const Resource& resource, const json::object& object);
void pruneUnknown(const Resource& resource, json::object& object);

}  // namespace hitless::kube

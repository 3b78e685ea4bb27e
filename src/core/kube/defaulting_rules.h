#pragma once

#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// Defaults of one kind that depend on other fields, which a schema row cannot say.
struct DefaultingRule {
  std::string_view group;
  std::string_view kind;
  void (*before)(json::object& object) = nullptr;  ///< Before the schema's defaults are filled in.
  void (*after)(json::object& object) = nullptr;   ///< After.
};

/// nullptr if the kind needs none.
const DefaultingRule* defaultingRule(const Resource& resource);

// defaulting_pod.cc
/// What holds for pods and pod templates alike: volumes without a source, image pull policy,
/// the service account's two names.
void defaultPodSpec(json::object& spec);
/// What only a pod gets: requests from limits, host ports, service links, first status.
void defaultPod(json::object& pod);

// defaulting_service.cc
void defaultService(json::object& service);

}  // namespace hitless::kube

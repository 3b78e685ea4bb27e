#pragma once

#include <string>
#include <string_view>

#include "core/kube/field_errors.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

// The rules that span fields, by area. Those about one field are in the schema table and applied
// by validateSchema.

struct ValidationRule {
  std::string_view group;
  std::string_view kind;
  void (*create)(const json::object& object, FieldErrors& errors) = nullptr;
  void (*update)(const json::object& now, const json::object& before,
                 FieldErrors& errors) = nullptr;
  /// What is demanded of new objects, but not of changes to old ones.
  void (*createOnly)(const json::object& object, FieldErrors& errors) = nullptr;
};
/// nullptr if the kind has none.
const ValidationRule* validationRule(const Resource& resource);

/// Required fields, allowed values, number ranges and forms of names, from the schema table. The
/// status is left to those who write it.
void validateSchema(const Resource& resource, const json::object& object, FieldErrors& errors);

void validateMeta(const Resource& resource, const json::object& object, FieldErrors& errors);
void validateMetaUpdate(const json::object& now, const json::object& before, FieldErrors& errors);
void validateLabels(const json::object& labels, const std::string& path, FieldErrors& errors);
void validateSelector(const json::object& selector, const std::string& path, FieldErrors& errors);

void validatePodSpec(const json::object& spec, const std::string& path, FieldErrors& errors);
void validatePod(const json::object& pod, FieldErrors& errors);
void validatePodUpdate(const json::object& now, const json::object& before, FieldErrors& errors);
void validatePodDns(const json::object& spec, const std::string& path, FieldErrors& errors);
void validateContainers(const json::object& spec, const std::string& path, FieldErrors& errors);

void validateDeployment(const json::object& deployment, FieldErrors& errors);
void validateReplicaSet(const json::object& replicaSet, FieldErrors& errors);
void validateDaemonSet(const json::object& daemonSet, FieldErrors& errors);
void validateStatefulSet(const json::object& statefulSet, FieldErrors& errors);
void validateStatefulSetUpdate(const json::object& now, const json::object& before,
                               FieldErrors& errors);
void validateControllerRevision(const json::object& revision, FieldErrors& errors);
void validateControllerRevisionUpdate(const json::object& now, const json::object& before,
                                      FieldErrors& errors);
/// The template of a workload whose pods always restart; `kind` is how the message names it.
void validateTemplate(const json::object& workload, std::string_view kind, FieldErrors& errors);
/// The selector of a workload: given, well formed, and matching the template.
void validateWorkloadSelector(const json::object& workload, std::string_view kind,
                              FieldErrors& errors);
/// A number or percentage at `path`, not negative; up to 100% if `atMostAll`.
void validateIntOrPercent(const json::value* value, const std::string& path, bool atMostAll,
                          FieldErrors& errors);
/// It is 0, "0%" or missing.
bool isZeroIntOrPercent(const json::value* value);
/// A number or text as Go's %#v shows an IntOrString.
std::string goIntOrString(const json::value& value);
void validateWorkloadUpdate(const json::object& now, const json::object& before,
                            FieldErrors& errors);

void validateJob(const json::object& job, FieldErrors& errors);
void validateJobUpdate(const json::object& now, const json::object& before, FieldErrors& errors);
void validatePodDisruptionBudget(const json::object& budget, FieldErrors& errors);

void validateNetworkPolicy(const json::object& policy, FieldErrors& errors);

void validateIngress(const json::object& ingress, FieldErrors& errors);
void validateIngressCreate(const json::object& ingress, FieldErrors& errors);
void validateIngressClass(const json::object& ingressClass, FieldErrors& errors);
void validateIngressClassUpdate(const json::object& now, const json::object& before,
                                FieldErrors& errors);
void validateGatewayClass(const json::object& gatewayClass, FieldErrors& errors);
void validateGatewayClassUpdate(const json::object& now, const json::object& before,
                                FieldErrors& errors);
void validateGateway(const json::object& gateway, FieldErrors& errors);
/// HTTPRoutes and GRPCRoutes.
void validateRoute(const json::object& route, FieldErrors& errors);

void validateService(const json::object& service, FieldErrors& errors);
void validateServiceUpdate(const json::object& now, const json::object& before,
                           FieldErrors& errors);
void validateEndpointSlice(const json::object& slice, FieldErrors& errors);
void validateEndpointSliceUpdate(const json::object& now, const json::object& before,
                                 FieldErrors& errors);

void validateData(const json::object& object, FieldErrors& errors);
void validateDataUpdate(const json::object& now, const json::object& before, FieldErrors& errors);
void validateSecretUpdate(const json::object& now, const json::object& before, FieldErrors& errors);
void validateEvent(const json::object& event, FieldErrors& errors);
void validateRoleBindingUpdate(const json::object& now, const json::object& before,
                               FieldErrors& errors);
void validateNodeUpdate(const json::object& now, const json::object& before, FieldErrors& errors);

inline constexpr std::string_view kImmutable = "field is immutable";

}  // namespace hitless::kube

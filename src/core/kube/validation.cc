#include "core/kube/validation.h"

#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr ValidationRule kRules[] = {
    {"", "Pod", validatePod, validatePodUpdate},
    {"", "Service", validateService, validateServiceUpdate},
    {"", "ConfigMap", validateData, validateDataUpdate},
    {"", "Secret", validateData, validateSecretUpdate},
    {"", "Event", validateEvent, nullptr},
    {"", "Node", nullptr, validateNodeUpdate},
    {"apps", "Deployment", validateDeployment, validateWorkloadUpdate},
    {"apps", "ReplicaSet", validateReplicaSet, validateWorkloadUpdate},
    {"apps", "DaemonSet", validateDaemonSet, validateWorkloadUpdate},
    {"apps", "StatefulSet", validateStatefulSet, validateStatefulSetUpdate},
    {"apps", "ControllerRevision", validateControllerRevision, validateControllerRevisionUpdate},
    {"batch", "Job", validateJob, validateJobUpdate},
    {"policy", "PodDisruptionBudget", validatePodDisruptionBudget, nullptr},
    {"networking.k8s.io", "NetworkPolicy", validateNetworkPolicy, nullptr},
    {"networking.k8s.io", "Ingress", validateIngress, nullptr, validateIngressCreate},
    {"networking.k8s.io", "IngressClass", validateIngressClass, validateIngressClassUpdate},
    {"gateway.networking.k8s.io", "GatewayClass", validateGatewayClass, validateGatewayClassUpdate},
    {"gateway.networking.k8s.io", "Gateway", validateGateway, nullptr},
    {"gateway.networking.k8s.io", "HTTPRoute", validateRoute, nullptr},
    {"gateway.networking.k8s.io", "GRPCRoute", validateRoute, nullptr},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", nullptr, validateRoleBindingUpdate},
    {"discovery.k8s.io", "EndpointSlice", validateEndpointSlice, validateEndpointSliceUpdate},
};

void validateState(const Resource& resource, const json::object& object, FieldErrors& errors) {
  validateMeta(resource, object, errors);
  validateSchema(resource, object, errors);
  if (const ValidationRule* rule = validationRule(resource); rule && rule->create) {
    rule->create(object, errors);
  }
}

}  // namespace

const ValidationRule* validationRule(const Resource& resource) {
  for (const ValidationRule& rule : kRules) {
    if (rule.kind == resource.kind && rule.group == resource.group) {
      return &rule;
    }
  }
  return nullptr;
}

std::vector<FieldError> validateCreate(const Resource& resource, const json::object& object) {
  FieldErrors errors;
  validateState(resource, object, errors);
  if (const ValidationRule* rule = validationRule(resource); rule && rule->createOnly) {
    rule->createOnly(object, errors);
  }
  return errors.take();
}

std::vector<FieldError> validateUpdate(const Resource& resource, const json::object& now,
                                       const json::object& before) {
  FieldErrors errors;
  validateMetaUpdate(now, before, errors);
  validateState(resource, now, errors);
  if (const ValidationRule* rule = validationRule(resource); rule && rule->update) {
    rule->update(now, before, errors);
  }
  return errors.take();
}

}  // namespace hitless::kube

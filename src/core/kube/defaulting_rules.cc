#include "core/kube/defaulting_rules.h"

#include "core/kube/base64.h"

namespace hitless::kube {
namespace {

/// spec.podCIDR and the first of spec.podCIDRs are the same thing.
void beforeNode(json::object& node) {
  json::object& spec = ensureObject(node, {"spec"});
  const std::string_view single = text(spec, {"podCIDR"});
  const json::array* all = findArray(spec, {"podCIDRs"});
  if (!single.empty() && (all == nullptr || all->empty())) {
    spec["podCIDRs"] = json::array{json::string(single)};
  } else if (single.empty() && all != nullptr && !all->empty()) {
    spec["podCIDR"] = json::value(all->front());
  }
}

void beforeNamespace(json::object& ns) {
  const json::string name(text(ns, {"metadata", "name"}));
  if (!name.empty()) {
    ensureObject(ns, {"metadata", "labels"})["kubernetes.io/metadata.name"] = name;
  }
  json::object& spec = ensureObject(ns, {"spec"});
  if (findArray(spec, {"finalizers"}) == nullptr &&
      find(ns, {"metadata", "deletionTimestamp"}) == nullptr) {
    spec["finalizers"] = json::array{"kubernetes"};
  }
}

void beforeSecret(json::object& secret) {
  const json::object* plain = findObject(secret, {"stringData"});
  if (plain == nullptr) {
    return;
  }
  const json::object moved = *plain;
  secret.erase("stringData");
  json::object& data = ensureObject(secret, {"data"});
  for (const auto& [key, value] : moved) {
    if (const json::string* string = value.if_string()) {
      data[key] = base64Encode(*string);
    }
  }
}

void beforeDeployment(json::object& deployment) {
  const std::string_view type = text(deployment, {"spec", "strategy", "type"});
  if (type.empty() || type == "RollingUpdate") {
    ensureObject(deployment, {"spec", "strategy", "rollingUpdate"});
  }
}

void beforeDaemonSet(json::object& set) {
  const std::string_view type = text(set, {"spec", "updateStrategy", "type"});
  if (type.empty() || type == "RollingUpdate") {
    ensureObject(set, {"spec", "updateStrategy", "rollingUpdate"});
  }
}

void beforeStatefulSet(json::object& set) {
  const std::string_view type = text(set, {"spec", "updateStrategy", "type"});
  if (type.empty() || type == "RollingUpdate") {
    ensureObject(set, {"spec", "updateStrategy", "rollingUpdate"});
  }
  const json::object& spec = ensureObject(set, {"spec"});
  if (findArray(spec, {"volumeClaimTemplates"}) == nullptr) {
    return;
  }
  for (json::value& value : ensureObject(set, {"spec"})["volumeClaimTemplates"].get_array()) {
    if (json::object* claim = value.if_object()) {
      (*claim)["apiVersion"] = "v1";
      (*claim)["kind"] = "PersistentVolumeClaim";
    }
  }
}

/// Without completions one pod has to succeed, or with more than one at a time: any, then all.
void beforeJob(json::object& job) {
  json::object& spec = ensureObject(job, {"spec"});
  const bool hasParallelism = optionalInteger(spec, {"parallelism"}).has_value();
  if (!hasParallelism && !optionalInteger(spec, {"completions"})) {
    spec["completions"] = 1;
  }
  if (!hasParallelism) {
    spec["parallelism"] = 1;
  }
}

/// A policy that names no types is about ingress, and about egress if it has such rules.
void beforeNetworkPolicy(json::object& policy) {
  const json::array* types = findArray(policy, {"spec", "policyTypes"});
  if (types != nullptr && !types->empty()) {
    return;
  }
  const json::array* egress = findArray(policy, {"spec", "egress"});
  json::array filled{"Ingress"};
  if (egress != nullptr && !egress->empty()) {
    filled.emplace_back("Egress");
  }
  ensureObject(policy, {"spec"})["policyTypes"] = std::move(filled);
}

/// A list of objects, made with one empty object if there is none or it is empty.
json::array& atLeastOne(json::object& parent, std::string_view key) {
  json::value& value = parent[key];
  json::array* list = value.if_array();
  if (list == nullptr || list->empty()) {
    value = json::array{json::object{}};
    list = value.if_array();
  }
  return *list;
}

/// An HTTPRoute without rules has one, a rule without matches matches every path.
void beforeHttpRoute(json::object& route) {
  for (json::value& value : atLeastOne(ensureObject(route, {"spec"}), "rules")) {
    if (json::object* rule = value.if_object()) {
      atLeastOne(*rule, "matches");
    }
  }
}

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

/// Whom and what a binding means: only service accounts are of the core group.
void beforeRoleBinding(json::object& binding) {
  json::object& role = ensureObject(binding, {"roleRef"});
  if (text(role, {"apiGroup"}).empty()) {
    role["apiGroup"] = json::string(kRbacGroup);
  }
  const auto found = binding.find("subjects");
  json::array* subjects = found == binding.end() ? nullptr : found->value().if_array();
  if (subjects == nullptr) {
    return;
  }
  for (json::value& value : *subjects) {
    json::object* subject = value.if_object();
    if (subject != nullptr && text(*subject, {"kind"}) != "ServiceAccount" &&
        text(*subject, {"apiGroup"}).empty()) {
      (*subject)["apiGroup"] = json::string(kRbacGroup);
    }
  }
}

void afterTemplate(json::object& workload) {
  if (findObject(workload, {"spec", "template", "spec"}) != nullptr) {
    defaultPodSpec(ensureObject(workload, {"spec", "template", "spec"}));
  }
}

constexpr DefaultingRule kRules[] = {
    {"", "Namespace", beforeNamespace, nullptr},
    {"", "Pod", nullptr, defaultPod},
    {"", "Service", nullptr, defaultService},
    {"", "Secret", beforeSecret, nullptr},
    {"", "Node", beforeNode, nullptr},
    {"apps", "Deployment", beforeDeployment, afterTemplate},
    {"apps", "ReplicaSet", nullptr, afterTemplate},
    {"apps", "DaemonSet", beforeDaemonSet, afterTemplate},
    {"apps", "StatefulSet", beforeStatefulSet, afterTemplate},
    {"batch", "Job", beforeJob, afterTemplate},
    {"networking.k8s.io", "NetworkPolicy", beforeNetworkPolicy, nullptr},
    {"gateway.networking.k8s.io", "HTTPRoute", beforeHttpRoute, nullptr},
    {kRbacGroup, "ClusterRoleBinding", beforeRoleBinding, nullptr},
    {kRbacGroup, "RoleBinding", beforeRoleBinding, nullptr},
};

}  // namespace

const DefaultingRule* defaultingRule(const Resource& resource) {
  for (const DefaultingRule& rule : kRules) {
    if (rule.kind == resource.kind && rule.group == resource.group) {
      return &rule;
    }
  }
  return nullptr;
}

}  // namespace hitless::kube

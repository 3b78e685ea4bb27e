#include "core/control/strategy.h"

#include <algorithm>
#include <array>

#include "core/kube/qos.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::Resource;

constexpr std::array<std::string_view, 15> kKindsWithGeneration{
    "Deployment",          "ReplicaSet",    "StatefulSet",   "DaemonSet", "Job",
    "PodDisruptionBudget", "EndpointSlice", "NetworkPolicy", "Ingress",   "IngressClass",
    "GatewayClass",        "Gateway",       "HTTPRoute",     "GRPCRoute", "ReferenceGrant"};

bool hasGeneration(const Resource& resource) {
  return std::find(kKindsWithGeneration.begin(), kKindsWithGeneration.end(), resource.kind) !=
         kKindsWithGeneration.end();
}

void createPod(json::object& pod) {
  json::object status{{"phase", "Pending"}};
  if (const json::object* spec = kube::findObject(pod, {"spec"})) {
    status.emplace("qosClass", kube::qosClass(*spec));
  }
  pod["status"] = std::move(status);
}

/// The selector and the labels by which a Job knows its pods are the server's choice (its uid), so
/// that no two Jobs share pods.
void createJob(json::object& job) {
  job["status"] = json::object{};
  if (kube::boolean(job, {"spec", "manualSelector"})) {
    return;
  }
  const json::string uid(kube::text(job, {"metadata", "uid"}));
  const json::string name(kube::text(job, {"metadata", "name"}));
  json::object& labels = kube::ensureObject(job, {"spec", "template", "metadata", "labels"});
  for (const char* key : {"controller-uid", "batch.kubernetes.io/controller-uid"}) {
    labels[key] = uid;
  }
  for (const char* key : {"job-name", "batch.kubernetes.io/job-name"}) {
    labels[key] = name;
  }
  kube::ensureObject(
      job, {"spec", "selector", "matchLabels"})["batch.kubernetes.io/controller-uid"] = uid;
}

/// A condition that nobody has looked after yet, as the definitions of Gateway API have it.
json::object awaited(std::string_view type) {
  return {{"type", type},
          {"status", "Unknown"},
          {"reason", "Pending"},
          {"message", "Waiting for controller"},
          {"lastTransitionTime", "1970-01-01T00:00:00Z"}};
}

/// How the status of a new object begins.
struct InitialStatus {
  std::string_view kind;
  void (*set)(json::object&);
};

constexpr InitialStatus kInitialStatus[] = {
    {"Pod", createPod},
    {"Namespace",
     [](json::object& ns) {
       ns["status"] = json::object{{"phase", "Active"}};
     }},
    {"Service",
     [](json::object& service) {
       service["status"] = json::object{{"loadBalancer", json::object{}}};
     }},
    {"Deployment", [](json::object& workload) { workload["status"] = json::object{}; }},
    {"ReplicaSet",
     [](json::object& set) {
       set["status"] = json::object{{"replicas", 0}};
     }},
    {"StatefulSet",
     [](json::object& set) {
       set["status"] = json::object{{"replicas", 0}, {"availableReplicas", 0}};
     }},
    {"Job", createJob},
    {"DaemonSet",
     [](json::object& set) {
       set["status"] = json::object{{"currentNumberScheduled", 0},
                                    {"numberMisscheduled", 0},
                                    {"desiredNumberScheduled", 0},
                                    {"numberReady", 0}};
     }},
    {"PodDisruptionBudget",
     [](json::object& budget) {
       budget["status"] = json::object{{"disruptionsAllowed", 0},
                                       {"currentHealthy", 0},
                                       {"desiredHealthy", 0},
                                       {"expectedPods", 0}};
     }},
    {"Ingress",
     [](json::object& ingress) {
       ingress["status"] = json::object{{"loadBalancer", json::object{}}};
     }},
    {"GatewayClass",
     [](json::object& gatewayClass) {
       gatewayClass["status"] = json::object{{"conditions", {awaited("Accepted")}}};
     }},
    {"Gateway",
     [](json::object& gateway) {
       gateway["status"] =
           json::object{{"conditions", {awaited("Accepted"), awaited("Programmed")}}};
     }},
    {"HTTPRoute", [](json::object& route) { route.erase("status"); }},
    {"GRPCRoute", [](json::object& route) { route.erase("status"); }},
    {"Node", [](json::object&) {}},  // A kubelet registers its node together with the status.
};

/// Everything but metadata and status.
bool sameDesiredState(const json::object& a, const json::object& b) {
  const auto differs = [](const json::object& from, const json::object& in) {
    return std::any_of(from.begin(), from.end(), [&](const json::key_value_pair& entry) {
      if (entry.key() == "metadata" || entry.key() == "status") {
        return false;
      }
      const json::value* other = in.if_contains(entry.key());
      return other == nullptr || *other != entry.value();
    });
  };
  return !differs(a, b) && !differs(b, a);
}

bool sameAnnotations(const json::object& a, const json::object& b) {
  const json::object* first = kube::findObject(a, {"metadata", "annotations"});
  const json::object* second = kube::findObject(b, {"metadata", "annotations"});
  const json::object none;
  return (first == nullptr ? none : *first) == (second == nullptr ? none : *second);
}

void copyMember(const json::object& from, json::object& to, std::string_view key) {
  if (const json::value* value = from.if_contains(key)) {
    to[key] = *value;
  } else {
    to.erase(key);
  }
}

}  // namespace

bool hasSubresource(const Resource& resource, std::string_view name) {
  return std::find(resource.subresources.begin(), resource.subresources.end(), name) !=
         resource.subresources.end();
}

void prepareCreate(const Resource& resource, json::object& object) {
  for (const InitialStatus& initial : kInitialStatus) {
    if (initial.kind == resource.kind) {
      initial.set(object);
      break;
    }
  }
  if (hasGeneration(resource)) {
    kube::ensureObject(object, {"metadata"})["generation"] = 1;
  }
}

void prepareUpdate(const Resource& resource, std::string_view subresource, const json::object& live,
                   json::object& next) {
  if (subresource.empty()) {
    if (hasSubresource(resource, "status")) {
      copyMember(live, next, "status");
    }
    return;
  }
  json::object only = live;
  if (subresource == "status") {
    copyMember(next, only, "status");
    // Controllers keep annotations that go with the status (a Deployment's revision).
    const json::object* meta = kube::findObject(next, {"metadata"});
    copyMember(meta == nullptr ? json::object{} : *meta, kube::ensureObject(only, {"metadata"}),
               "annotations");
  } else if (subresource == "finalize") {
    const json::object* spec = kube::findObject(next, {"spec"});
    copyMember(spec == nullptr ? json::object{} : *spec, kube::ensureObject(only, {"spec"}),
               "finalizers");
  }
  next = std::move(only);
}

void setGeneration(const Resource& resource, const json::object& live, json::object& next) {
  if (!hasGeneration(resource)) {
    return;
  }
  const std::int64_t generation = kube::integer(live, {"metadata", "generation"}, 1);
  // Deployments count annotations too: controllers read revision settings from them.
  const bool same = sameDesiredState(live, next) &&
                    (resource.kind != "Deployment" || sameAnnotations(live, next));
  kube::ensureObject(next, {"metadata"})["generation"] = same ? generation : generation + 1;
}

bool finalized(const Resource& resource, const json::object& object) {
  const json::array* metadata = kube::findArray(object, {"metadata", "finalizers"});
  const json::array* spec =
      resource.kind == "Namespace" ? kube::findArray(object, {"spec", "finalizers"}) : nullptr;
  return (metadata == nullptr || metadata->empty()) && (spec == nullptr || spec->empty());
}

std::int64_t gracePeriodOf(const Resource& resource, const json::object& object,
                           std::optional<std::int64_t> asked) {
  if (resource.kind != "Pod" || kube::text(object, {"spec", "nodeName"}).empty()) {
    return 0;
  }
  const std::string_view phase = kube::text(object, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") {
    return 0;
  }
  const std::int64_t grace =
      asked.value_or(kube::integer(object, {"spec", "terminationGracePeriodSeconds"}, 30));
  return grace < 0 ? 1 : grace;
}

}  // namespace hitless::control

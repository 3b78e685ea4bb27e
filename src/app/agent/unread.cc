#include "app/agent/unread.h"

namespace hitless::app {

std::vector<watch::FieldPath> unreadFields(const kube::Resource& resource) {
  if (&resource == &kube::res::kServices) {
    return {{"metadata", "ownerReferences"}, {"status", "conditions"}};
  }
  if (&resource == &kube::res::kEndpointSlices) {
    return {{"metadata", "ownerReferences"}, {"metadata", "generateName"}};
  }
  if (&resource == &kube::res::kNodes) {
    return {{"status", "images"},      {"status", "nodeInfo"},     {"status", "capacity"},
            {"status", "allocatable"}, {"status", "volumesInUse"}, {"status", "volumesAttached"}};
  }
  if (&resource == &kube::res::kPods) {
    return {{"spec", "volumes"},
            {"spec", "containers"},
            {"spec", "initContainers"},
            {"spec", "tolerations"},
            {"spec", "affinity"},
            {"status", "containerStatuses"},
            {"status", "initContainerStatuses"}};
  }
  return {};
}

std::vector<watch::FieldPath> unreadByPolicies() {
  return {{"metadata", "ownerReferences"},
          {"spec", "volumes"},
          {"spec", "tolerations"},
          {"spec", "affinity"},
          {"status", "conditions"},
          {"status", "containerStatuses"},
          {"status", "initContainerStatuses"}};
}

}  // namespace hitless::app

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hitless::kube {

/// One served resource (a row of the API's resource table; the table itself is in resource.cc).
struct Resource {
  std::string_view group;     ///< "" for the core group
  std::string_view version;   ///< "v1"
  std::string_view kind;      ///< "Deployment"
  std::string_view plural;    ///< "deployments": the name in URLs
  std::string_view singular;  ///< "deployment"
  std::span<const std::string_view> shortNames;
  std::span<const std::string_view> categories;    ///< "all"
  std::span<const std::string_view> subresources;  ///< "status", "scale", "log"
  bool namespaced = true;

  /// "v1" or "apps/v1"
  std::string apiVersion() const;
  /// "deployments" or "deployments.apps": how error messages name the resource.
  std::string qualified() const;
};

/// Every resource that the API server serves, in discovery order.
std::span<const Resource> resources();
/// nullptr if there is none.
const Resource* findResource(std::string_view group, std::string_view version,
                             std::string_view plural);
const Resource* findKind(std::string_view apiVersion, std::string_view kind);

/// The resources that controllers name in code; each is a row of resources().
namespace res {
extern const Resource& kNamespaces;
extern const Resource& kPods;
extern const Resource& kServices;
extern const Resource& kEndpoints;
extern const Resource& kEndpointSlices;
extern const Resource& kConfigMaps;
extern const Resource& kSecrets;
extern const Resource& kServiceAccounts;
extern const Resource& kNodes;
extern const Resource& kEvents;
extern const Resource& kLeases;
extern const Resource& kMutatingWebhookConfigurations;
extern const Resource& kServiceCidrs;
extern const Resource& kNetworkPolicies;
extern const Resource& kIngresses;
extern const Resource& kIngressClasses;
extern const Resource& kGatewayClasses;
extern const Resource& kGateways;
extern const Resource& kHttpRoutes;
extern const Resource& kGrpcRoutes;
extern const Resource& kReferenceGrants;
extern const Resource& kDeployments;
extern const Resource& kReplicaSets;
extern const Resource& kStatefulSets;
extern const Resource& kControllerRevisions;
}  // namespace res

}  // namespace hitless::kube

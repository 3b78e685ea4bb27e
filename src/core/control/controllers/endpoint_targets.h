#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/objects.h"

/// What EndpointSlice and Endpoints have in common: which pods stand behind a Service, and where.
namespace hitless::control {

/// What the two endpoint controllers look at.
struct ServiceState {
  std::string ns;
  std::string name;
  Ref<kube::Service> service;             ///< Null if it is gone.
  std::vector<std::string> addressTypes;  ///< Of the Service: "IPv4", "IPv6", in order.
  std::vector<Ref<kube::Pod>> pods;       ///< Those that it selects, by name.
  /// Zones (or "") of the nodes that exist, by name; at least those on which the pods are.
  std::map<std::string, std::string, std::less<>> zones;
  std::vector<Ref<kube::EndpointSlice>> slices;  ///< Labelled with its name and managed by us.
  kube::ObjectPtr endpoints;                     ///< The Endpoints object of its name, or null.
};

/// The families of a Service as address types; IPv4 where nothing is said.
std::vector<std::string> addressTypesOf(const kube::json::object& service);

/// Its endpoints are kept by us: it has a selector and is not an ExternalName.
bool isManaged(const kube::Service& service);

/// The pod's port for each of the Service's ports; those that it does not have (a named target port
/// that no container declares) are left out.
std::vector<kube::EndpointPort> targetPorts(const kube::Service& service, const kube::Pod& pod);

/// The pod's addresses of one type ("IPv4", "IPv6").
std::vector<std::string> addressesOf(const kube::Pod& pod, std::string_view addressType);

/// pod.hostname where it makes a DNS name: the pod's subdomain must be the Service's name.
std::string hostnameFor(const kube::Service& service, const kube::Pod& pod);

inline constexpr std::string_view kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
inline constexpr std::string_view kHeadless = "service.kubernetes.io/headless";

/// When what is written now was caused: the earliest transition to or from Ready (or the Service's
/// creation) after `previous`, the trigger time written last. If nothing is newer (a deletion
/// leaves no such mark), `previous` stays. Empty if there is none at all.
std::string triggerTime(const ServiceState& state, std::string_view previous);

}  // namespace hitless::control

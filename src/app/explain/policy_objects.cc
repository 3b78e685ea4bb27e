#include "app/explain/policy_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "app/cluster/api_session.h"
#include "app/cluster/manifests.h"
#include "base/text.h"
#include "core/kube/defaulting.h"
#include "core/kube/validation.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

struct Collection {
  const kube::Resource& resource;
  const char* path;
};
const Collection kCollections[] = {
    {kube::res::kNamespaces, "/api/v1/namespaces"},
    {kube::res::kNodes, "/api/v1/nodes"},
    {kube::res::kPods, "/api/v1/pods"},
    {kube::res::kNetworkPolicies, "/apis/networking.k8s.io/v1/networkpolicies"},
};

/// What a later manifest of the same object replaces.
using Identity = std::tuple<const kube::Resource*, std::string, std::string>;
using Objects = std::map<Identity, json::object>;

policy::Node nodeFrom(const kube::Node& node) {
  policy::Node out{node.meta.name, {}};
  for (const std::string& text : node.internalIPs) {
    if (const auto address = IpAddress::parse(text)) {
      out.addresses.push_back(*address);
    }
  }
  return out;
}

void take(policy::State& state, const kube::Resource& resource, const json::object& object) {
  if (&resource == &kube::res::kNamespaces) {
    const kube::ObjectMeta meta = kube::metaOf(object);
    state.namespaces[meta.name] = meta.labels;
  } else if (&resource == &kube::res::kNodes) {
    state.nodes.push_back(nodeFrom(kube::nodeOf(object)));
  } else if (&resource == &kube::res::kPods) {
    state.pods.push_back(policy::podFrom(kube::podOf(object)));
  } else {
    state.policies.push_back(policy::policyOf(object));
  }
}

/// What the API server would answer to it.
Status checkPolicy(json::object& object) {
  const kube::Resource& resource = kube::res::kNetworkPolicies;
  TRY_VOID(kube::checkTypes(resource, object));
  std::vector<std::string> wrong;
  for (const std::string& field : kube::unknownFields(resource, object)) {
    wrong.push_back(fmt::format("unknown field \"{}\"", field));
  }
  kube::applyDefaults(resource, object);
  for (const kube::FieldError& error : kube::validateCreate(resource, object)) {
    wrong.push_back(error.text());
  }
  if (wrong.empty()) {
    return {};
  }
  return invalid(fmt::format("NetworkPolicy {}: {}",
                             kube::text(object, {"metadata", "name"}, "without a name"),
                             join(wrong, "; ")));
}

Status addManifest(Objects& objects, const Manifest& manifest, const std::string& ns) {
  const kube::Resource* resource = kube::findKind(kube::text(manifest.object, {"apiVersion"}),
                                                  kube::text(manifest.object, {"kind"}));
  const bool wanted = resource != nullptr &&
                      std::any_of(std::begin(kCollections), std::end(kCollections),
                                  [&](const Collection& row) { return &row.resource == resource; });
  if (!wanted) {
    return {};
  }
  json::object object = manifest.object;
  if (resource->namespaced && kube::text(object, {"metadata", "namespace"}).empty()) {
    kube::ensureObject(object, {"metadata"})["namespace"] = ns;
  }
  if (resource == &kube::res::kNetworkPolicies) {
    TRY_VOID(checkPolicy(object));
  }
  Identity identity{resource, kube::text(object, {"metadata", "namespace"}),
                    kube::text(object, {"metadata", "name"})};
  objects[std::move(identity)] = std::move(object);
  return {};
}

Result<policy::State> fromManifests(const ExplainOptions& options) {
  Objects objects;
  for (const Manifest& manifest : TRY(readManifests(options.files))) {
    if (auto added = addManifest(objects, manifest, options.ns); !added) {
      return tl::unexpected<Error>(std::move(added).error().about(manifest.source));
    }
  }
  policy::State state;
  for (const auto& [identity, object] : objects) {
    take(state, *std::get<0>(identity), object);
  }
  return state;
}

Result<policy::State> fromApi(const ExplainOptions& options) {
  const std::string kubeconfig = TRY(explainedKubeconfig(options));
  ApiSession api = TRY(ApiSession::open(kubeconfig));
  policy::State state;
  for (const Collection& collection : kCollections) {
    const json::object list = TRY(api.get(collection.path));
    const json::array* items = kube::findArray(list, {"items"});
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
      if (const json::object* object = (*items)[i].if_object()) {
        take(state, collection.resource, *object);
      }
    }
  }
  return state;
}

}  // namespace

Result<policy::State> readPolicyState(const ExplainOptions& options) {
  return options.files.empty() ? fromApi(options) : fromManifests(options);
}

}  // namespace hitless::app

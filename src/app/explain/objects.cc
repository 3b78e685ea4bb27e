#include "app/explain/objects.h"

#include <fmt/format.h>

#include <cstdlib>

#include "app/cluster/api_session.h"
#include "app/cluster/manifests.h"
#include "app/cluster/run_dir.h"

namespace hitless::app {
namespace {

void take(ExplainedCluster& cluster, const WantedService& wanted,
          const kube::json::object& object) {
  const std::string_view kind = kube::text(object, {"kind"});
  const std::string_view given = kube::text(object, {"metadata", "namespace"});
  const bool inNamespace = (given.empty() ? "default" : given) == wanted.name.ns;
  if (kind == "Node") {
    cluster.nodes.push_back(kube::nodeOf(object));
  } else if (kind == "Pod") {
    cluster.pods.push_back(kube::podOf(object));
  } else if (kind == "Service" && inNamespace &&
             kube::text(object, {"metadata", "name"}) == wanted.name.name) {
    cluster.state.service =
        std::make_shared<const service::Service>(service::serviceFrom(kube::serviceOf(object)));
  } else if (kind == "EndpointSlice" && inNamespace) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(object);
    if (slice.serviceName() == wanted.name.name) {
      cluster.state.slices[slice.meta.name] =
          std::make_shared<const service::Slice>(service::sliceFrom(slice, cluster.names));
    }
  }
}

Result<ExplainedCluster> fromManifests(const ExplainOptions& options, const WantedService& wanted) {
  ExplainedCluster cluster;
  for (const Manifest& manifest : TRY(readManifests(options.files))) {
    take(cluster, wanted, manifest.object);
  }
  return cluster;
}

Status takeList(ApiSession& api, const std::string& path, std::string_view kind,
                ExplainedCluster& cluster, const WantedService& wanted) {
  const kube::json::object list = TRY(api.get(path));
  if (const kube::json::array* items = kube::findArray(list, {"items"})) {
    for (const kube::json::value& item : *items) {
      if (const kube::json::object* object = item.if_object()) {
        kube::json::object typed = *object;  // Items of a list have no kind of their own.
        typed["kind"] = kind;
        take(cluster, wanted, typed);
      }
    }
  }
  return {};
}

Result<ExplainedCluster> fromApi(const ExplainOptions& options, const WantedService& wanted) {
  const std::string kubeconfig = TRY(explainedKubeconfig(options));
  ApiSession api = TRY(ApiSession::open(kubeconfig));
  ExplainedCluster cluster;
  kube::json::object object = TRY(
      api.get(fmt::format("/api/v1/namespaces/{}/services/{}", wanted.name.ns, wanted.name.name)));
  object["kind"] = "Service";
  take(cluster, wanted, object);
  TRY_VOID(
      takeList(api,
               fmt::format("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector="
                           "kubernetes.io%2Fservice-name%3D{}",
                           wanted.name.ns, wanted.name.name),
               "EndpointSlice", cluster, wanted));
  TRY_VOID(takeList(api, "/api/v1/nodes", "Node", cluster, wanted));
  if (options.from.find('/') != std::string::npos) {
    kube::json::object pod = TRY(api.get(
        fmt::format("/api/v1/namespaces/{}/pods/{}", options.from.substr(0, options.from.find('/')),
                    options.from.substr(options.from.find('/') + 1))));
    pod["kind"] = "Pod";
    take(cluster, wanted, pod);
  }
  return cluster;
}

}  // namespace

WantedService wantedService(const ExplainOptions& options) {
  WantedService wanted{{options.ns, options.service}, {}};
  std::string& name = wanted.name.name;
  if (const auto slash = name.find('/'); slash != std::string::npos) {
    wanted.name.ns = name.substr(0, slash);
    name.erase(0, slash + 1);
  }
  if (const auto colon = name.find(':'); colon != std::string::npos) {
    wanted.port = name.substr(colon + 1);
    name.erase(colon);
  }
  return wanted;
}

Result<std::string> explainedKubeconfig(const ExplainOptions& options) {
  if (!options.kubeconfig.empty()) {
    return options.kubeconfig;
  }
  if (const char* path = std::getenv("KUBECONFIG"); path != nullptr && *path != '\0') {
    return std::string(path);
  }
  const auto info = RunDir::of("default").and_then([](const RunDir& dir) { return dir.read(); });
  if (!info) {
    return fail(
        ErrorKind::kNotFound,
        "no cluster to ask: give --kubeconfig FILE, or manifests with -f, or start one with "
        "`hitless up`");
  }
  return info->kubeconfig;
}

Result<ExplainedCluster> readCluster(const ExplainOptions& options, const WantedService& wanted) {
  return options.files.empty() ? fromApi(options, wanted) : fromManifests(options, wanted);
}

}  // namespace hitless::app

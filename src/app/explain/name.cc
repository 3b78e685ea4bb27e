#include "app/explain/name.h"

#include <fmt/format.h>

#include <memory>

#include "app/cluster/api_session.h"
#include "app/cluster/manifests.h"
#include "app/explain/objects.h"
#include "app/terminal.h"
#include "core/dns/explain.h"
#include "core/node/pod_dns.h"

namespace hitless::app {
namespace {

struct NameOptions {
  std::string name;
  std::string from;  ///< A pod: [NAMESPACE/]NAME; empty: any pod of `objects.ns`.
  std::string clusterDomain = "cluster.local";
  ExplainOptions objects;
};

/// The collections that names are made of.
struct NameObjects {
  watch::Update services{watch::Update::Kind::kFull, {}, 0};
  watch::Update slices{watch::Update::Kind::kFull, {}, 0};
  std::set<std::string> namespaces{"default"};
  std::vector<kube::json::object> pods;
};

void take(NameObjects& objects, std::string_view kind, kube::json::object object) {
  if (kind == "Namespace") {
    objects.namespaces.insert(std::string(kube::text(object, {"metadata", "name"})));
    return;
  }
  kube::json::object& meta = kube::ensureObject(object, {"metadata"});
  if (kube::text(object, {"metadata", "namespace"}).empty()) {
    meta["namespace"] = "default";
  }
  objects.namespaces.insert(std::string(kube::text(object, {"metadata", "namespace"})));
  if (kind == "Pod") {
    objects.pods.push_back(std::move(object));
  } else if (kind == "Service" || kind == "EndpointSlice") {
    watch::Update& update = kind == "Service" ? objects.services : objects.slices;
    update.changes.push_back({watch::ChangeType::kUpsert,
                              std::make_shared<const kube::json::object>(std::move(object))});
  }
}

Result<NameObjects> fromManifests(const std::vector<std::string>& files) {
  NameObjects objects;
  for (Manifest& manifest : TRY(readManifests(files))) {
    const std::string kind(kube::text(manifest.object, {"kind"}));
    take(objects, kind, std::move(manifest.object));
  }
  return objects;
}

Result<NameObjects> fromApi(const NameOptions& options) {
  struct Collection {
    const char* kind;
    const char* path;
  };
  constexpr Collection kCollections[] = {
      {"Namespace", "/api/v1/namespaces"},
      {"Service", "/api/v1/services"},
      {"EndpointSlice", "/apis/discovery.k8s.io/v1/endpointslices"},
      {"Pod", "/api/v1/pods"},
  };
  const std::string kubeconfig = TRY(explainedKubeconfig(options.objects));
  ApiSession api = TRY(ApiSession::open(kubeconfig));
  NameObjects objects;
  for (const Collection& collection : kCollections) {
    if (std::string_view(collection.kind) == "Pod" && options.from.empty()) {
      continue;
    }
    const kube::json::object list = TRY(api.get(collection.path));
    const kube::json::array* items = kube::findArray(list, {"items"});
    for (const kube::json::value& item : items == nullptr ? kube::json::array{} : *items) {
      if (item.is_object()) {
        take(objects, collection.kind, item.get_object());
      }
    }
  }
  return objects;
}

/// The pod's resolv.conf, or that of any pod with the cluster's DNS in the namespace.
Result<dns::ResolvConf> resolvConfOf(const NameOptions& options, const NameObjects& objects) {
  const std::vector<std::string> clusterDns{"10.96.0.10"};  // Whose address it is does not matter.
  const std::size_t slash = options.from.find('/');
  const std::string ns =
      slash == std::string::npos ? options.objects.ns : options.from.substr(0, slash);
  if (options.from.empty()) {
    node::PodSpec any;
    any.ns = ns;
    return node::podDnsOf(any, {}, clusterDns).conf;
  }
  const std::string name = options.from.substr(slash == std::string::npos ? 0 : slash + 1);
  for (const kube::json::object& pod : objects.pods) {
    if (kube::text(pod, {"metadata", "name"}) == name &&
        kube::text(pod, {"metadata", "namespace"}) == ns) {
      return node::podDnsOf(node::podSpecOf(pod), {}, clusterDns).conf;
    }
  }
  return fail(ErrorKind::kNotFound, fmt::format("there is no Pod {}/{}", ns, name));
}

Status explainName(const NameOptions& options) {
  const NameObjects objects =
      TRY(options.objects.files.empty() ? fromApi(options) : fromManifests(options.objects.files));
  dns::ZoneOptions zoneOptions;
  zoneOptions.name = TRY(dns::Name::parse(options.clusterDomain));
  dns::Zone zone(zoneOptions);
  zone.setNamespaces(objects.namespaces);
  service::SnapshotBuilder builder;
  service::Changes changes = builder.applyServices(objects.services);
  changes.merge(builder.applyEndpointSlices(objects.slices));
  zone.publish(zone.prepare(builder.current(), changes, {}), 0, {});

  const dns::ResolvConf conf = TRY(resolvConfOf(options, objects));
  const auto names = TRY(dns::namesToTry(options.name, conf));
  // Long after the last change: what a calm cluster would say.
  const auto steps = dns::explainNames(zone, names, MonoTime(zoneOptions.unrest));
  if (options.objects.output == "json") {
    fmt::print("{}\n", kube::json::serialize(dns::jsonOf(options.name, steps)));
  } else {
    fmt::print("{}", dns::textOf(options.name, steps));
  }
  return {};
}

}  // namespace

std::function<int()> addExplainName(CLI::App& parser) {
  auto options = std::make_shared<NameOptions>();
  parser.add_option("name", options->name, "As an application would ask for it")->required();
  parser.add_option("--from", options->from,
                    "The pod that asks, [NAMESPACE/]NAME (default: any pod of --namespace)");
  parser.add_option("-n,--namespace", options->objects.ns, "Where the asking pod is")
      ->capture_default_str();
  parser.add_option("-f,--filename", options->objects.files,
                    "Manifests of Services, EndpointSlices and Pods, instead of a cluster");
  parser.add_option("--kubeconfig", options->objects.kubeconfig,
                    "The cluster (default: $KUBECONFIG, else the running embedded cluster)");
  parser.add_option("--cluster-domain", options->clusterDomain, "The cluster's zone")
      ->capture_default_str();
  parser.add_option("-o,--output", options->objects.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  return [options] { return exitStatus(explainName(*options)); };
}

}  // namespace hitless::app

#include "core/proxy/routing/route_book.h"

#include <algorithm>

#include "core/proxy/routing/routes.h"

namespace hitless::proxy::routing {
namespace {

constexpr std::string_view kTlsType = "kubernetes.io/tls";

/// Takes news into a map of typed objects. Whether anything is different afterwards.
template <class T, class From>
bool take(std::map<ObjectName, T>& map, const watch::Update& update, From from) {
  bool changed = false;
  std::set<ObjectName> there;
  for (const watch::Change& change : update.changes) {
    const ObjectName name = metaFrom(*change.object).name;
    if (change.type == watch::ChangeType::kDelete) {
      changed = map.erase(name) > 0 || changed;
      continue;
    }
    there.insert(name);
    T value = from(*change.object);
    const auto [it, isNew] = map.try_emplace(name);
    if (isNew || it->second != value) {
      it->second = std::move(value);
      changed = true;
    }
  }
  if (update.kind == watch::Update::Kind::kFull) {
    const std::size_t before = map.size();
    std::erase_if(map, [&](const auto& entry) { return !there.contains(entry.first); });
    changed = changed || map.size() != before;
  }
  return changed;
}

/// How news of one kind become part of the objects.
struct Taker {
  RouteKindSource source;
  bool (*take)(Objects& objects, const watch::Update& update);
  bool hasStatus;  ///< Which is ours to write.
};

const Taker kTakers[] = {
    {{&kube::res::kGatewayClasses, true},
     [](Objects& o, const watch::Update& u) { return take(o.gatewayClasses, u, gatewayClassFrom); },
     true},
    {{&kube::res::kGateways, true},
     [](Objects& o, const watch::Update& u) { return take(o.gateways, u, gatewayFrom); },
     true},
    {{&kube::res::kHttpRoutes, true},
     [](Objects& o, const watch::Update& u) { return take(o.httpRoutes, u, httpRouteFrom); },
     true},
    {{&kube::res::kGrpcRoutes, true},
     [](Objects& o, const watch::Update& u) { return take(o.grpcRoutes, u, grpcRouteFrom); },
     true},
    {{&kube::res::kReferenceGrants, true},
     [](Objects& o, const watch::Update& u) { return take(o.grants, u, referenceGrantFrom); },
     false},
    {{&kube::res::kIngressClasses, false},
     [](Objects& o, const watch::Update& u) { return take(o.ingressClasses, u, ingressClassFrom); },
     false},
    {{&kube::res::kIngresses, false},
     [](Objects& o, const watch::Update& u) { return take(o.ingresses, u, ingressFrom); },
     true},
    {{&kube::res::kNamespaces, false},
     [](Objects& o, const watch::Update& u) {
       return take(o.namespaces, u,
                   [](const kube::json::object& object) { return kube::metaOf(object).labels; });
     },
     false},
    {{&kube::res::kSecrets, false},
     [](Objects& o, const watch::Update& u) {
       watch::Update certificates = u;
       std::erase_if(certificates.changes, [](const watch::Change& change) {
         return kube::text(*change.object, {"type"}) != kTlsType;
       });
       return take(o.secrets, certificates, tlsSecretFrom);
     },
     false},
    {{&kube::res::kServices, false}, nullptr, false},
    {{&kube::res::kEndpointSlices, false}, nullptr, false},
};

const Taker* takerOf(const kube::Resource& resource) {
  const auto it = std::find_if(std::begin(kTakers), std::end(kTakers), [&](const Taker& taker) {
    return taker.source.resource == &resource;
  });
  return it == std::end(kTakers) ? nullptr : it;
}

}  // namespace

std::span<const RouteKindSource> routeKinds() {
  static const std::vector<RouteKindSource> kKinds = [] {
    std::vector<RouteKindSource> kinds;
    for (const Taker& taker : kTakers) {
      kinds.push_back(taker.source);
    }
    return kinds;
  }();
  return kKinds;
}

RouteBook::RouteBook(CompileOptions options)
    : options_(std::move(options)), table_(std::make_shared<const RouteTable>()) {}

void RouteBook::keepLive(const kube::Resource& resource, const watch::Update& update) {
  liveChanged_ = true;
  if (update.kind == watch::Update::Kind::kFull) {
    std::erase_if(live_, [&](const auto& entry) { return entry.first.first == &resource; });
  }
  for (const watch::Change& change : update.changes) {
    const auto key = std::pair(&resource, metaFrom(*change.object).name);
    if (change.type == watch::ChangeType::kDelete) {
      live_.erase(key);
    } else {
      live_[key] = change.object;
    }
  }
}

/// Of the Services that rules name, those that the update may change.
std::set<ObjectName> RouteBook::named(const watch::Update& services) const {
  if (services.kind == watch::Update::Kind::kFull) {
    return services_;
  }
  std::set<ObjectName> names;
  for (const watch::Change& change : services.changes) {
    const ObjectName name = metaFrom(*change.object).name;
    if (services_.contains(name)) {
      names.insert(name);
    }
  }
  return names;
}

void RouteBook::applyServices(const watch::Update& update) {
  changed_.merge(snapshot_.applyServices(update));
  const auto state = [&](const ObjectName& name) {
    const auto it = objects_.services.find(name);
    return it == objects_.services.end() ? std::nullopt : std::optional(it->second);
  };
  std::map<ObjectName, std::optional<BackendService>> before;
  for (const ObjectName& name : named(update)) {
    before.emplace(name, state(name));
  }
  take(objects_.services, update, backendServiceFrom);
  routesChanged_ =
      routesChanged_ || std::any_of(before.begin(), before.end(), [&](const auto& entry) {
        return state(entry.first) != entry.second;
      });
}

void RouteBook::apply(const kube::Resource& resource, const watch::Update& update) {
  const Taker* taker = takerOf(resource);
  if (taker == nullptr) {
    return;
  }
  if (&resource == &kube::res::kServices) {
    applyServices(update);
  } else if (&resource == &kube::res::kEndpointSlices) {
    changed_.merge(snapshot_.applyEndpointSlices(update));
    pods_.apply(update);
  } else {
    routesChanged_ = taker->take(objects_, update) || routesChanged_;
    if (taker->hasStatus) {
      keepLive(resource, update);
    }
  }
}

std::shared_ptr<const Cluster> RouteBook::cluster(const std::string& name) const {
  const ClusterSource& source = sources_.at(name);
  return std::make_shared<const Cluster>(
      clusterOf(name, source, snapshot_.current().find(source.service), pods_));
}

void RouteBook::compileRoutes(RouteTable& next) {
  Compiled compiled = compile(objects_, options_);
  next.listeners.clear();
  for (Listener& listener : compiled.listeners) {
    const auto same =
        std::find_if(table_->listeners.begin(), table_->listeners.end(),
                     [&](const auto& routes) { return routes->listener() == listener; });
    next.listeners.push_back(same != table_->listeners.end()
                                 ? *same
                                 : std::make_shared<const Routes>(std::move(listener)));
  }
  sources_ = std::move(compiled.clusters);
  services_ = std::move(compiled.services);
  statuses_ = std::move(compiled.statuses);
  warnings_ = std::move(compiled.warnings);
  clustersOf_.clear();
  for (const auto& [name, source] : sources_) {
    clustersOf_.emplace(source.service, name);
  }
  std::erase_if(next.clusters, [&](const auto& entry) { return !sources_.contains(entry.first); });
  changed_.all = true;
}

void RouteBook::remakeClusters(RouteTable& next) {
  const auto remake = [&](const std::string& name) {
    std::shared_ptr<const Cluster>& known = next.clusters[name];
    std::shared_ptr<const Cluster> made = cluster(name);
    if (!known || *known != *made) {
      known = std::move(made);
    }
  };
  if (changed_.all) {
    for (const auto& [name, source] : sources_) {
      remake(name);
    }
    return;
  }
  for (const ObjectName& service : changed_.services) {
    const auto [begin, end] = clustersOf_.equal_range(service);
    for (auto it = begin; it != end; ++it) {
      remake(it->second);
    }
  }
}

RouteBook::News RouteBook::update() {
  News news{false, liveChanged_ || routesChanged_};
  if (routesChanged_ || !changed_.empty()) {
    auto next = std::make_shared<RouteTable>(*table_);
    if (routesChanged_) {
      compileRoutes(*next);
    }
    remakeClusters(*next);
    news.table = next->listeners != table_->listeners || next->clusters != table_->clusters;
    if (news.table) {
      table_ = std::move(next);
    }
  }
  routesChanged_ = false;
  liveChanged_ = false;
  changed_ = {};
  return news;
}

kube::ObjectPtr RouteBook::live(const kube::Resource& resource, const ObjectName& name) const {
  const auto it = live_.find({&resource, name});
  return it == live_.end() ? nullptr : it->second;
}

}  // namespace hitless::proxy::routing

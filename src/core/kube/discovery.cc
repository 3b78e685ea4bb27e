#include "core/kube/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "core/kube/resource.h"

namespace hitless::kube {
namespace {

using Verbs = std::span<const std::string_view>;

constexpr std::string_view kAllVerbs[] = {"create", "delete", "deletecollection", "get",
                                          "list",   "patch",  "update",           "watch"};
constexpr std::string_view kOneByOneVerbs[] = {"create", "delete", "get",  "list",
                                               "patch",  "update", "watch"};
constexpr std::string_view kAmend[] = {"get", "patch", "update"};
constexpr std::string_view kCreate[] = {"create"};
constexpr std::string_view kConnect[] = {"create", "get"};
constexpr std::string_view kGet[] = {"get"};
constexpr std::string_view kUpdate[] = {"update"};

/// What a subresource takes and gives, where it is not the parent's kind.
struct Subresource {
  std::string_view name;
  std::string_view group;
  std::string_view version;
  std::string_view kind;  ///< Empty: the parent's.
  Verbs verbs;
};

constexpr Subresource kSubresources[] = {
    {"status", "", "", "", kAmend},
    {"ephemeralcontainers", "", "", "", kAmend},
    {"resize", "", "", "", kAmend},
    {"finalize", "", "", "", kUpdate},
    {"log", "", "", "", kGet},
    {"scale", "autoscaling", "v1", "Scale", kAmend},
    {"eviction", "policy", "v1", "Eviction", kCreate},
    {"binding", "", "v1", "Binding", kCreate},
    {"token", "authentication.k8s.io", "v1", "TokenRequest", kCreate},
    {"exec", "", "v1", "PodExecOptions", kConnect},
    {"attach", "", "v1", "PodAttachOptions", kConnect},
    {"portforward", "", "v1", "PodPortForwardOptions", kConnect},
};

const Subresource* findSubresource(std::string_view name) {
  const auto it = std::find_if(std::begin(kSubresources), std::end(kSubresources),
                               [&](const Subresource& row) { return row.name == name; });
  return it == std::end(kSubresources) ? nullptr : it;
}

/// Namespaces are deleted one by one: each deletion is a process of its own.
Verbs verbsOf(const Resource& resource) {
  return resource.kind == "Namespace" ? Verbs(kOneByOneVerbs) : Verbs(kAllVerbs);
}

json::array strings(std::span<const std::string_view> list) {
  json::array out;
  for (const std::string_view item : list) {
    out.emplace_back(item);
  }
  return out;
}

std::vector<const Resource*> resourcesOf(std::string_view group, std::string_view version) {
  std::vector<const Resource*> out;
  for (const Resource& resource : resources()) {
    if (resource.group == group && resource.version == version) {
      out.push_back(&resource);
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Resource* a, const Resource* b) { return a->plural < b->plural; });
  return out;
}

struct GroupVersion {
  std::string_view group;
  std::string_view version;
  bool operator==(const GroupVersion&) const = default;
};

/// Every group and version served, in the order of the resource table.
std::vector<GroupVersion> groupVersions() {
  std::vector<GroupVersion> out;
  for (const Resource& resource : resources()) {
    const GroupVersion item{resource.group, resource.version};
    if (std::find(out.begin(), out.end(), item) == out.end()) {
      out.push_back(item);
    }
  }
  return out;
}

json::object legacyResource(const Resource& resource) {
  json::object out{{"name", resource.plural},
                   {"singularName", resource.singular},
                   {"namespaced", resource.namespaced},
                   {"kind", resource.kind},
                   {"verbs", strings(verbsOf(resource))}};
  if (!resource.shortNames.empty()) {
    out["shortNames"] = strings(resource.shortNames);
  }
  if (!resource.categories.empty()) {
    out["categories"] = strings(resource.categories);
  }
  return out;
}

json::object legacySubresource(const Resource& resource, const Subresource& sub) {
  json::object out{{"name", fmt::format("{}/{}", resource.plural, sub.name)},
                   {"singularName", ""},
                   {"namespaced", resource.namespaced},
                   {"kind", sub.kind.empty() ? resource.kind : sub.kind},
                   {"verbs", strings(sub.verbs)}};
  if (!sub.group.empty()) {
    out["group"] = sub.group;
    out["version"] = sub.version;
  }
  return out;
}

json::object responseKind(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

json::object aggregatedSubresource(const Resource& resource, const Subresource& sub) {
  return {{"subresource", sub.name},
          {"responseKind", sub.kind.empty()
                               ? responseKind(resource.group, resource.version, resource.kind)
                               : responseKind(sub.group, sub.version, sub.kind)},
          {"verbs", strings(sub.verbs)}};
}

json::object aggregatedResource(const Resource& resource) {
  json::object out{{"resource", resource.plural},
                   {"responseKind", responseKind(resource.group, resource.version, resource.kind)},
                   {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
                   {"singularResource", resource.singular},
                   {"verbs", strings(verbsOf(resource))}};
  if (!resource.shortNames.empty()) {
    out["shortNames"] = strings(resource.shortNames);
  }
  if (!resource.categories.empty()) {
    out["categories"] = strings(resource.categories);
  }
  json::array subs;
  for (const std::string_view name : resource.subresources) {
    if (const Subresource* sub = findSubresource(name)) {
      subs.push_back(aggregatedSubresource(resource, *sub));
    }
  }
  if (!subs.empty()) {
    out["subresources"] = std::move(subs);
  }
  return out;
}

json::object aggregatedGroup(std::string_view group) {
  json::object metadata{{"creationTimestamp", nullptr}};
  if (!group.empty()) {
    metadata["name"] = group;
  }
  return {{"metadata", std::move(metadata)}, {"versions", json::array{}}};
}

json::object aggregatedVersion(const GroupVersion& item) {
  json::array list;
  for (const Resource* resource : resourcesOf(item.group, item.version)) {
    list.push_back(aggregatedResource(*resource));
  }
  return {{"version", item.version}, {"resources", std::move(list)}, {"freshness", "Current"}};
}

json::object groupOf(std::string_view group) {
  json::array versions;
  for (const GroupVersion& item : groupVersions()) {
    if (item.group == group) {
      versions.push_back({{"groupVersion", fmt::format("{}/{}", item.group, item.version)},
                          {"version", item.version}});
    }
  }
  if (versions.empty() || group.empty()) {
    return {};
  }
  json::value preferred = versions.front();
  return {{"name", group},
          {"versions", std::move(versions)},
          {"preferredVersion", std::move(preferred)}};
}

}  // namespace

json::object apiVersions(std::string_view serverAddress) {
  return {{"kind", "APIVersions"},
          {"versions", json::array{"v1"}},
          {"serverAddressByClientCIDRs",
           json::array{{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", serverAddress}}}}};
}

json::object apiGroupList() {
  json::array groups;
  for (const GroupVersion& item : groupVersions()) {
    const bool seen = std::any_of(groups.begin(), groups.end(), [&](const json::value& group) {
      return text(group.get_object(), {"name"}) == item.group;
    });
    if (!item.group.empty() && !seen) {
      groups.push_back(groupOf(item.group));
    }
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

json::object apiGroup(std::string_view group) {
  json::object out = groupOf(group);
  if (!out.empty()) {
    out["kind"] = "APIGroup";
    out["apiVersion"] = "v1";
  }
  return out;
}

json::object apiResourceList(std::string_view group, std::string_view version) {
  json::array list;
  for (const Resource* resource : resourcesOf(group, version)) {
    list.push_back(legacyResource(*resource));
    std::vector<std::string_view> names(resource->subresources.begin(),
                                        resource->subresources.end());
    std::sort(names.begin(), names.end());
    for (const std::string_view name : names) {
      if (const Subresource* sub = findSubresource(name)) {
        list.push_back(legacySubresource(*resource, *sub));
      }
    }
  }
  if (list.empty()) {
    return {};
  }
  return {
      {"kind", "APIResourceList"},
      {"apiVersion", "v1"},
      {"groupVersion", group.empty() ? std::string(version) : fmt::format("{}/{}", group, version)},
      {"resources", std::move(list)}};
}

json::object aggregatedDiscovery(bool coreGroup, std::string_view discoveryVersion) {
  json::array items;
  std::string_view group;  // Of the last item: versions of a group follow each other.
  for (const GroupVersion& item : groupVersions()) {
    if (item.group.empty() != coreGroup) {
      continue;
    }
    if (items.empty() || group != item.group) {
      items.push_back(aggregatedGroup(item.group));
      group = item.group;
    }
    items.back().as_object()["versions"].as_array().push_back(aggregatedVersion(item));
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", fmt::format("apidiscovery.k8s.io/{}", discoveryVersion)},
          {"metadata", json::object{}},
          {"items", std::move(items)}};
}

}  // namespace hitless::kube

#include "core/proxy/routing/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/kube/defaulting.h"
#include "core/kube/each.h"
#include "core/kube/objects.h"
#include "core/kube/validation.h"
#include "core/kube/yaml.h"
#include "core/proxy/routing/route_book.h"

namespace hitless::proxy::routing {
namespace {

tl::unexpected<Error> refuse(const std::string& subject, std::string message,
                             std::string hint = {}) {
  return tl::unexpected<Error>(
      Error{ErrorKind::kInvalid, std::move(message), subject, std::move(hint), 0});
}

std::string kindNames() {
  std::vector<std::string> names;
  for (const RouteKindSource& kind : routeKinds()) {
    names.emplace_back(kind.resource->kind);
  }
  return join(names, ", ");
}

Result<const kube::Resource*> resourceOf(const kube::json::object& object,
                                         const std::string& place) {
  const std::string_view version = kube::text(object, {"apiVersion"});
  const std::string_view kind = kube::text(object, {"kind"});
  const kube::Resource* resource = kube::findKind(version, kind);
  const auto kinds = routeKinds();
  const bool known = std::any_of(kinds.begin(), kinds.end(), [&](const RouteKindSource& source) {
    return source.resource == resource;
  });
  if (!known) {
    return refuse(
        place,
        fmt::format("kind \"{}\" of \"{}\" is none that routes are made from", kind, version),
        "these are: " + kindNames());
  }
  return resource;
}

Status check(const kube::Resource& resource, const kube::json::object& object,
             const std::string& subject) {
  const std::vector<kube::FieldError> errors = kube::validateCreate(resource, object);
  if (errors.empty()) {
    return {};
  }
  std::vector<std::string> texts;
  for (const kube::FieldError& error : errors) {
    texts.push_back(error.text());
  }
  return refuse(subject, join(texts, "; "));
}

Result<ManifestObject> objectFrom(kube::json::object object, const std::string& place) {
  const kube::Resource* resource = TRY(resourceOf(object, place));
  if (const Status types = kube::checkTypes(*resource, object); !types) {
    return tl::unexpected<Error>(Error(types.error()).about(place));
  }
  if (const auto unknown = kube::unknownFields(*resource, object); !unknown.empty()) {
    return refuse(place, fmt::format("unknown field \"{}\"", unknown.front()));
  }
  kube::json::object& meta = kube::ensureObject(object, {"metadata"});
  if (resource->namespaced) {
    meta.emplace("namespace", "default");
  }
  meta.emplace("generation", 1);
  kube::applyDefaults(*resource, object);
  TRY_VOID(check(*resource, object,
                 fmt::format("{} ({} {})", place, resource->kind, kube::metaOf(object).key())));
  return ManifestObject{resource, std::make_shared<const kube::json::object>(std::move(object))};
}

/// The objects of a document: itself, or the items of a List.
std::vector<kube::json::object> unfolded(const kube::json::object& document) {
  std::vector<kube::json::object> out;
  if (kube::text(document, {"kind"}) != "List") {
    return {document};
  }
  kube::eachObject(document, "items", "", [&](const kube::json::object& item, const std::string&) {
    out.push_back(item);
  });
  return out;
}

}  // namespace

Result<std::vector<ManifestObject>> manifestObjects(std::string_view text, std::string_view file) {
  const std::vector<kube::YamlDocument> documents = TRY(kube::parseYaml(text, file));
  std::vector<ManifestObject> out;
  std::set<std::pair<const kube::Resource*, std::string>> seen;
  for (const kube::YamlDocument& document : documents) {
    const std::string place = fmt::format("{}:{}", file, document.line);
    const kube::json::object* root = document.value.if_object();
    if (root == nullptr) {
      return refuse(place, "is no object");
    }
    for (kube::json::object& object : unfolded(*root)) {
      out.push_back(TRY(objectFrom(std::move(object), place)));
      const std::string key = kube::metaOf(*out.back().object).key();
      if (!seen.emplace(out.back().resource, key).second) {
        return refuse(place, fmt::format("{} {} is there twice", out.back().resource->kind, key));
      }
    }
  }
  return out;
}

}  // namespace hitless::proxy::routing

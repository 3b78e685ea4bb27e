#include "core/control/controllers/template_revisions.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/template_hash.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;
using kube::res::kControllerRevisions;

value sorted(const value& node);

/// Members in order of their keys, as Go writes them: kubectl compares the data as bytes.
object sorted(const object& node) {
  std::vector<std::string_view> keys;
  for (const auto& member : node) {
    keys.push_back(member.key());
  }
  std::sort(keys.begin(), keys.end());
  object out;
  for (const std::string_view key : keys) {
    out.emplace(key, sorted(node.at(key)));
  }
  return out;
}

value sorted(const value& node) {
  if (const object* members = node.if_object()) {
    return sorted(*members);
  }
  if (const array* items = node.if_array()) {
    array out;
    for (const value& item : *items) {
      out.push_back(sorted(item));
    }
    return out;
  }
  return node;
}

/// A strategic merge patch that replaces the template as a whole.
object dataOf(const object& podTemplate) {
  object whole = podTemplate;
  whole["$patch"] = "replace";
  return sorted(object{{"spec", object{{"template", std::move(whole)}}}});
}

bool older(const Ref<kube::ControllerRevision>& a, const Ref<kube::ControllerRevision>& b) {
  return std::tie(a->revision, a->meta.creationTimestamp, a->meta.name) <
         std::tie(b->revision, b->meta.creationTimestamp, b->meta.name);
}

object newRevision(const RevisionOwner& owner, object data, const std::string& name,
                   const std::string& hash, std::int64_t number) {
  object labels;
  if (const object* ofPods = kube::findObject(owner.podTemplate, {"metadata", "labels"})) {
    labels = *ofPods;
  }
  labels[owner.hashLabel] = hash;
  const auto reference = controllerReference(owner.resource, owner.meta);
  return {{"apiVersion", kControllerRevisions.apiVersion()},
          {"kind", kControllerRevisions.kind},
          {"metadata", object{{"name", name},
                              {"namespace", owner.meta.ns},
                              {"labels", std::move(labels)},
                              {"annotations", kube::toJson(owner.meta.annotations)},
                              {"ownerReferences", array{kube::toJson(reference)}}}},
          {"data", std::move(data)},
          {"revision", number}};
}

}  // namespace

PresentRevision presentRevision(const RevisionOwner& owner, const Revisions& revisions,
                                const std::vector<std::string>& takenNames) {
  const auto newest = std::max_element(revisions.begin(), revisions.end(), older);
  const std::int64_t next = newest == revisions.end() ? 1 : (*newest)->revision + 1;
  object data = dataOf(owner.podTemplate);
  Ref<kube::ControllerRevision> equal;
  for (const Ref<kube::ControllerRevision>& revision : revisions) {
    if (revision->data == data && (equal == nullptr || older(equal, revision))) {
      equal = revision;
    }
  }
  if (equal != nullptr && equal == *newest) {
    return {equal->meta.name, std::string(valueOf(equal->meta.labels, owner.hashLabel)), {}, false};
  }
  if (equal != nullptr) {
    return {
        {}, {}, Patch{refTo(kControllerRevisions, equal->meta), "", {{"revision", next}}}, false};
  }
  const std::string hash = templateHash(owner.podTemplate, owner.collisionCount);
  const std::string name = fmt::format("{}-{}", owner.meta.name.substr(0, 223), hash);
  const bool taken = std::find(takenNames.begin(), takenNames.end(), name) != takenNames.end() ||
                     std::any_of(revisions.begin(), revisions.end(), [&name](const auto& revision) {
                       return revision->meta.name == name;
                     });
  if (taken) {
    return {{}, {}, {}, true};
  }
  return {{},
          {},
          Create{&kControllerRevisions, newRevision(owner, std::move(data), name, hash, next)},
          false};
}

std::optional<object> templateOf(const kube::ControllerRevision& revision) {
  const object* found = kube::findObject(revision.data, {"spec", "template"});
  if (found == nullptr) {
    return std::nullopt;
  }
  object out = *found;
  out.erase("$patch");
  return out;
}

Revisions beyondHistoryLimit(Revisions revisions, const std::vector<std::string>& inUse,
                             std::int64_t limit) {
  std::erase_if(revisions, [&inUse](const auto& revision) {
    return revision->meta.terminating() ||
           std::find(inUse.begin(), inUse.end(), revision->meta.name) != inUse.end();
  });
  const auto count = static_cast<std::int64_t>(revisions.size());
  if (count <= limit) {
    return {};
  }
  std::sort(revisions.begin(), revisions.end(), older);
  revisions.resize(static_cast<std::size_t>(count - std::max<std::int64_t>(limit, 0)));
  return revisions;
}

}  // namespace hitless::control

#include "core/kube/table.h"

#include "core/kube/table_kinds.h"

namespace hitless::kube {
namespace {

json::array columnsOf(const TableKind& kind) {
  json::array out;
  for (const Column& column : kind.columns) {
    out.push_back({{"name", column.name},
                   {"type", column.type},
                   {"format", column.format},
                   {"description", column.doc},
                   {"priority", column.priority}});
  }
  return out;
}

json::value rowObject(const Resource& resource, const json::object& object, IncludeObject include) {
  if (include == IncludeObject::kNone) {
    return nullptr;
  }
  json::object out;
  if (include == IncludeObject::kObject) {
    out = object;
    out["kind"] = resource.kind;
    out["apiVersion"] = resource.apiVersion();
    return out;
  }
  out["kind"] = "PartialObjectMetadata";
  out["apiVersion"] = "meta.k8s.io/v1";
  if (const json::object* metadata = findObject(object, {"metadata"})) {
    out["metadata"] = *metadata;
  }
  return out;
}

}  // namespace

json::object tableOf(const Resource& resource, const std::vector<ObjectPtr>& objects,
                     std::uint64_t revision, WallTime now, bool withColumns,
                     IncludeObject include) {
  const TableKind& kind = tableKind(resource);
  json::array rows;
  rows.reserve(objects.size());
  for (const ObjectPtr& object : objects) {
    if (object != nullptr) {
      rows.push_back(
          {{"cells", kind.cells(*object, now)}, {"object", rowObject(resource, *object, include)}});
    }
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", {{"resourceVersion", std::to_string(revision)}}},
          {"columnDefinitions", withColumns ? columnsOf(kind) : json::array{}},
          {"rows", std::move(rows)}};
}

}  // namespace hitless::kube

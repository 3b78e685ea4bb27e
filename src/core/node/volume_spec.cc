#include "core/node/pod_spec.h"

namespace hitless::node {
namespace {

using kube::json::array;
using kube::json::object;

std::string str(const object& holder, std::initializer_list<std::string_view> path) {
  return std::string(kube::text(holder, path));
}

template <class Visit>
void forEachObject(const array* values, Visit visit) {
  if (values == nullptr) {
    return;
  }
  for (const kube::json::value& value : *values) {
    if (const object* item = value.if_object()) {
      visit(*item);
    }
  }
}

/// The field that names a Secret differs: secretName in a volume, name in a projection.
SourceProjection sourceOf(const object& holder, SourceKind kind, std::string_view nameKey) {
  SourceProjection out;
  out.source = {kind, str(holder, {nameKey})};
  out.optional = kube::boolean(holder, {"optional"});
  forEachObject(kube::findArray(holder, {"items"}), [&out](const object& item) {
    out.items.push_back(
        {str(item, {"key"}), str(item, {"path"}), kube::optionalInteger(item, {"mode"})});
  });
  return out;
}

DownwardProjection downwardOf(const object& holder) {
  DownwardProjection out;
  forEachObject(kube::findArray(holder, {"items"}), [&out](const object& item) {
    DownwardItem row;
    row.path = str(item, {"path"});
    row.mode = kube::optionalInteger(item, {"mode"});
    if (const object* resource = kube::findObject(item, {"resourceFieldRef"})) {
      row.value = ResourceFieldRef{str(*resource, {"containerName"}), str(*resource, {"resource"}),
                                   str(*resource, {"divisor"})};
    } else {
      row.value = FieldRef{str(item, {"fieldRef", "fieldPath"})};
    }
    out.items.push_back(std::move(row));
  });
  return out;
}

Projected projectedOf(const object& holder) {
  Projected out;
  out.defaultMode = kube::integer(holder, {"defaultMode"}, 0644);
  forEachObject(kube::findArray(holder, {"sources"}), [&out](const object& source) {
    if (const object* config = kube::findObject(source, {"configMap"})) {
      out.rows.push_back(sourceOf(*config, SourceKind::kConfigMap, "name"));
    } else if (const object* secret = kube::findObject(source, {"secret"})) {
      out.rows.push_back(sourceOf(*secret, SourceKind::kSecret, "name"));
    } else if (const object* downward = kube::findObject(source, {"downwardAPI"})) {
      out.rows.push_back(downwardOf(*downward));
    } else if (const object* token = kube::findObject(source, {"serviceAccountToken"})) {
      out.rows.push_back(TokenProjection{str(*token, {"path"})});
    }
  });
  return out;
}

/// The one key of a volume that is not its name.
std::string kindOf(const object& volume) {
  for (const auto& member : volume) {
    if (member.key() != "name") {
      return std::string(member.key());
    }
  }
  return "emptyDir";
}

Volume volumeOf(const object& volume) {
  Volume out{str(volume, {"name"}), EmptyDir{}};
  const std::string kind = kindOf(volume);
  const object* source = kube::findObject(volume, {kind});
  static const object kNothing;
  const object& body = source == nullptr ? kNothing : *source;
  const std::int64_t mode = kube::integer(body, {"defaultMode"}, 0644);
  if (kind == "hostPath") {
    out.source = HostPath{str(body, {"path"}), str(body, {"type"})};
  } else if (kind == "configMap") {
    out.source = Projected{{sourceOf(body, SourceKind::kConfigMap, "name")}, mode};
  } else if (kind == "secret") {
    out.source = Projected{{sourceOf(body, SourceKind::kSecret, "secretName")}, mode};
  } else if (kind == "downwardAPI") {
    out.source = Projected{{downwardOf(body)}, mode};
  } else if (kind == "projected") {
    out.source = projectedOf(body);
  } else if (kind == "persistentVolumeClaim") {
    out.source = Claim{str(body, {"claimName"})};
  } else if (kind != "emptyDir") {
    out.source = UnsupportedVolume{kind};
  }
  return out;
}

}  // namespace

std::vector<Volume> volumesOf(const array* volumes) {
  std::vector<Volume> out;
  forEachObject(volumes, [&out](const object& volume) { out.push_back(volumeOf(volume)); });
  return out;
}

}  // namespace hitless::node

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/kube/json.h"

namespace hitless::control {

inline constexpr std::string_view kTemplateHashLabel = "pod-template-hash";

/// The suffix of a ReplicaSet's name: FNV-32a over the canonical JSON (keys sorted) of the template
/// and the collision count, in the alphabet of generated names. Kubernetes hashes a Go dump of the
/// template, which differs between its versions too: only equality within one cluster means
/// anything.
std::string templateHash(const kube::json::object& podTemplate,
                         std::optional<std::int64_t> collisionCount);

/// Whether two templates make the same pods: equal but for the pod-template-hash label.
bool sameTemplate(const kube::json::object& a, const kube::json::object& b);

}  // namespace hitless::control

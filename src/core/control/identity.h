#pragma once

#include <string>
#include <string_view>

#include "base/rng.h"
#include "core/kube/json.h"

namespace hitless::control {

/// A random (version 4) UUID.
std::string makeUid(Rng& rng);
/// `prefix` and five characters of the alphabet that generateName uses (no vowels, no look-alikes).
std::string generatedName(std::string_view prefix, Rng& rng);
/// metadata.resourceVersion as a number; 0 if it is none.
std::uint64_t revisionOf(const kube::json::object& object);
std::string_view nameOf(const kube::json::object& object);
std::string_view namespaceOf(const kube::json::object& object);
std::string_view uidOf(const kube::json::object& object);

}  // namespace hitless::control

#pragma once

#include "core/load/result.h"

/// What the parts of a load's JSON have in common.
namespace hitless::load {

inline std::int64_t unixNs(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime fromUnixNs(std::int64_t ns) {
  return WallTime{nanoseconds{ns}};
}
inline std::uint64_t count(const kube::json::object& from, std::string_view key) {
  return static_cast<std::uint64_t>(kube::integer(from, {key}));
}
/// Emits nothing for an empty text.
inline void putText(kube::json::object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) {
    out.emplace(key, text);
  }
}

Result<LoadSpec> specFromJson(const kube::json::object& from);

kube::json::object listToJson(const FailureList& list);
Result<FailureList> listFromJson(const kube::json::object* from);
kube::json::object listToJson(const ReconnectList& list);
ReconnectList reconnectsFromJson(const kube::json::object* from);

}  // namespace hitless::load

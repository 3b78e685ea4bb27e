#pragma once

#include <initializer_list>
#include <string_view>

#include "core/kube/workload.h"

/// How the fields of workloads are read and written; used by the files that decode a kind only.
namespace hitless::kube {

IntOrString intOrString(const json::object& object, std::initializer_list<std::string_view> path,
                        const IntOrString& fallback);
/// A copy, empty if there is none.
json::object objectAt(const json::object& object, std::initializer_list<std::string_view> path);

// For merge patches, in which null removes a field.
json::value omitZero(std::int64_t number);
json::value omitEmpty(std::string_view text);
json::value omitEmpty(const std::vector<Condition>& conditions);

}  // namespace hitless::kube

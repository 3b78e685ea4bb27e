#pragma once

#include <fmt/format.h>

#include <string>

/// Objects that StatefulSet tests begin with.
namespace hitless::testing {

/// StatefulSet "db" behind the headless Service "db" as stored by the API server; `spec` adds
/// fields to its spec.
inline std::string dbStatefulSet(int replicas, std::string_view spec = "") {
  return fmt::format(R"({{
    "apiVersion":"apps/v1","kind":"StatefulSet",
    "metadata":{{"name":"db","namespace":"default","annotations":{{"team":"a"}}}},
    "spec":{{"replicas":{},"serviceName":"db","selector":{{"matchLabels":{{"app":"db"}}}},
      "template":{{"metadata":{{"labels":{{"app":"db"}}}},
        "spec":{{"containers":[{{"name":"c","image":"x:1"}}],
          "volumes":[{{"name":"data","emptyDir":{{}}}},{{"name":"tmp","emptyDir":{{}}}}]}}}},
      "revisionHistoryLimit":10{}}}}})",
                     replicas, spec);
}

inline std::string imagePatch(std::string_view image) {
  return fmt::format(
      R"({{"spec":{{"template":{{"spec":{{"containers":[{{"name":"c","image":"{}"}}]}}}}}}}})",
      image);
}

}  // namespace hitless::testing

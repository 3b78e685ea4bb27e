#pragma once

#include <fmt/format.h>

#include <string>

/// Objects that DaemonSet tests begin with.
namespace hitless::testing {

/// DaemonSet "agent" as stored by the API server; `spec` adds fields to its spec, `pod` to that of
/// its template.
inline std::string agentDaemonSet(std::string_view spec = "", std::string_view pod = "") {
  return fmt::format(R"({{
    "apiVersion":"apps/v1","kind":"DaemonSet",
    "metadata":{{"name":"agent","namespace":"default"}},
    "spec":{{"selector":{{"matchLabels":{{"app":"agent"}}}},
      "template":{{"metadata":{{"labels":{{"app":"agent"}}}},
        "spec":{{"containers":[{{"name":"c","image":"x:1"}}]{}}}}},
      "revisionHistoryLimit":10{}}}}})",
                     pod, spec);
}

}  // namespace hitless::testing

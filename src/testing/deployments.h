#pragma once

#include <fmt/format.h>

#include <string>

/// Objects that controller tests begin with.
namespace hitless::testing {

/// Deployment "web" as stored by the API server; `spec` adds fields to its spec
/// (",\"paused\":true").
inline std::string webDeployment(int replicas, std::string_view surge = "\"25%\"",
                                 std::string_view unavailable = "\"25%\"",
                                 std::string_view spec = "") {
  return fmt::format(R"({{
    "apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{{"name":"web","namespace":"default","labels":{{"app":"web"}}}},
    "spec":{{"replicas":{},"selector":{{"matchLabels":{{"app":"web"}}}},
      "template":{{"metadata":{{"labels":{{"app":"web"}}}},
        "spec":{{"terminationGracePeriodSeconds":20,"containers":[{{"name":"c","image":"x:1",
          "ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}]}}]}}}},
      "strategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":{},"maxUnavailable":{}}}}},
      "revisionHistoryLimit":10,"progressDeadlineSeconds":600{}}}}})",
                     replicas, surge, unavailable, spec);
}

/// What `kubectl rollout restart` patches; each `when` makes a new template.
inline std::string restartPatch(std::string_view when) {
  return fmt::format(
      R"({{"spec":{{"template":{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/restartedAt":"{}"}}}}}}}}}})",
      when);
}

inline constexpr std::string_view kWebService =
    R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"default"},
        "spec":{"clusterIP":"10.96.0.7","ipFamilies":["IPv4"],"selector":{"app":"web"},
                "ports":[{"port":80,"targetPort":"http","protocol":"TCP"}]}})";

}  // namespace hitless::testing

#pragma once

#include <fmt/format.h>

#include <string>

/// Objects that Job tests begin with.
namespace hitless::testing {

/// Job "j" as stored by the API server; `spec` adds fields to its spec.
inline std::string job(std::string_view spec = "", std::string_view restartPolicy = "Never") {
  return fmt::format(R"({{
    "apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"j","namespace":"default"}},
    "spec":{{"selector":{{"matchLabels":{{"job":"j"}}}},
      "template":{{"metadata":{{"labels":{{"job":"j"}}}},
        "spec":{{"restartPolicy":"{}","containers":[{{"name":"c","image":"x"}}]}}}}{}}}}})",
                     restartPolicy, spec);
}

}  // namespace hitless::testing

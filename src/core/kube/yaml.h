#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/kube/json.h"

namespace hitless::kube {

/// One document of a YAML (or JSON) stream.
struct YamlDocument {
  json::value value;
  int line = 1;  ///< Where it starts, counted from 1.
};

/// Parses a stream of documents and types plain scalars as kubectl does (YAML 1.1: `yes`, `on` and
/// the like are booleans, 0o17 and 017 octal, quoted scalars are strings). Empty documents are left
/// out. Errors carry "file:line:column". Aliases are expanded, up to a million nodes in all.
Result<std::vector<YamlDocument>> parseYaml(std::string_view text, std::string_view file);

}  // namespace hitless::kube

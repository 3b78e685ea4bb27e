#pragma once

#include <string>

#include "core/kube/json.h"

namespace hitless::kube {

/// A value as a YAML document in the style of kubectl, without "---" and with a line end. Every
/// reader of YAML 1.1 or 1.2 gets the same value back: what could be taken for something else than
/// a string is quoted.
std::string yamlText(const json::value& value);

}  // namespace hitless::kube

#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "core/kube/json.h"
#include "testing/source_dir.h"

namespace hitless::testing {

/// Recorded data of real clusters lies beside the source tree; nullopt where it is absent.
inline std::optional<std::string> golden(const std::string& name) {
  std::ifstream file(sourceFile("../shared/golden/" + name), std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::optional<kube::json::object> goldenObject(const std::string& name) {
  const auto text = golden(name);
  if (!text) {
    return std::nullopt;
  }
  return kube::parseJson(*text).value().as_object();
}

}  // namespace hitless::testing

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace hitless::testing {

/// Fails unless the page of docs/ is what the program renders. HITLESS_UPDATE_GOLDEN=1 writes it.
inline void expectPage(const std::string& name, const std::string& rendered) {
  const std::string path = std::string(HITLESS_SOURCE_DIR "/docs/") + name;
  if (std::getenv("HITLESS_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << rendered;
  }
  std::ifstream file(path);
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), rendered) << "HITLESS_UPDATE_GOLDEN=1 writes " << path;
}

}  // namespace hitless::testing

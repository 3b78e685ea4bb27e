#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "testing/source_dir.h"

namespace hitless::testing {

inline std::string pagePath(const std::string& name) {
  return sourceFile("docs/" + name);
}

inline std::string readPage(const std::string& name) {
  std::ifstream file(pagePath(name));
  std::stringstream page;
  page << file.rdbuf();
  return page.str();
}

inline bool updatesPages() {
  return std::getenv("HITLESS_UPDATE_GOLDEN") != nullptr;
}

/// Fails unless the page of docs/ is what the program renders. HITLESS_UPDATE_GOLDEN=1 writes it.
inline void expectPage(const std::string& name, const std::string& rendered) {
  if (updatesPages()) {
    std::ofstream(pagePath(name)) << rendered;
  }
  EXPECT_EQ(readPage(name), rendered) << "HITLESS_UPDATE_GOLDEN=1 writes " << pagePath(name);
}

/// The same for what stands between "<!-- PART -->" and "<!-- end -->" of a page.
inline void expectPagePart(const std::string& name, const std::string& part,
                           const std::string& rendered) {
  const std::string page = readPage(name);
  const std::string mark = "<!-- " + part + " -->\n";
  const std::size_t begin = page.find(mark);
  const std::size_t end = page.find("<!-- end -->", begin);
  ASSERT_NE(end, std::string::npos) << pagePath(name) << " has no part " << mark;
  const std::size_t from = begin + mark.size();
  if (updatesPages()) {
    std::ofstream(pagePath(name)) << page.substr(0, from) << rendered << page.substr(end);
    return;
  }
  EXPECT_EQ(page.substr(from, end - from), rendered)
      << "HITLESS_UPDATE_GOLDEN=1 writes " << pagePath(name);
}

}  // namespace hitless::testing

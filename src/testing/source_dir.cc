#include "testing/source_dir.h"

namespace hitless::testing {

std::string sourceFile(const std::string& path) {
  return HITLESS_SOURCE_DIR "/" + path;
}

}  // namespace hitless::testing

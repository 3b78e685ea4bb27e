#pragma once

#include <string>

namespace hitless::testing {

/// A file of the project by its path from the top: sourceFile("docs/timeline.md"). The one place
/// that knows where the sources are, so that a test compiled elsewhere is the same to a compiler
/// cache.
std::string sourceFile(const std::string& path);

}  // namespace hitless::testing

#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"

namespace hitless::sys {

/// The whole file. kNotFound if it does not exist.
Result<std::string> readFile(const std::string& path);

/// Replaces the file in one step (a reader sees the old or the new content); `mode` is what it is
/// created with, before the umask takes bits away.
Status writeFile(const std::string& path, const std::string& content, mode_t mode);

/// Makes a directory and its parents; one that exists is fine.
Status makeDirectories(const std::string& path, mode_t mode);

}  // namespace hitless::sys

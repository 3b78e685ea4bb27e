#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

/// Commands of the truth test: run in the calling process's namespaces, bounded in time.
namespace hitless::sys {

struct CommandResult {
  std::optional<int> exitCode;  ///< nullopt: it could not be started, was killed or took too long.
  std::string output;           ///< stdout, at most 64 KiB.
};

/// `root`: what is / for it ("/proc/4123/root"); empty: ours. The environment is empty but for PATH
/// and a lock file of nobody's, so that the node's xtables lock is not taken by versions that know
/// the variable (1.8.6 and newer).
CommandResult runPrivately(const std::string& root, const std::vector<std::string>& argv,
                           nanoseconds timeout);

}  // namespace hitless::sys

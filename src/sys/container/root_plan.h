#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace hitless::sys {

/// One top-level entry of a container's root file system.
struct RootEntry {
  enum class Kind {
    kOverlay,  ///< The host's directory, with writes kept in memory and thrown away at the end.
    kBind,     ///< The host's directory, read-only, with everything mounted below it.
    kLink,     ///< A symbolic link.
  };
  Kind kind = Kind::kBind;
  std::string source;  ///< On the host; for kLink what it points to.
  std::string name;    ///< Below the root, "usr".
  mode_t mode = 0755;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// How a container's root is put together from the host's: system directories writable by overlay,
/// the rest read-only; /proc, /sys, /dev, /tmp and /run are made anew. Only directories where hosts
/// keep programs, libraries and configuration become overlays.
struct RootPlan {
  std::vector<RootEntry> entries;
  std::vector<std::string> nested;  ///< Mount points below overlays, which overlays do not show.
};

/// Reads the machine's / and its mounts; what lies below one of the `hidden` directories is left
/// out.
Result<RootPlan> planHostRoot(const std::vector<std::string>& hidden);

/// Mount points in the text of /proc/self/mountinfo, octal escapes resolved.
std::vector<std::string> mountPoints(const std::string& mountinfo);

}  // namespace hitless::sys

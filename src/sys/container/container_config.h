#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/node/capabilities.h"

namespace hitless::sys {

class Sandbox;

/// A file or directory of the node that a container sees.
struct ContainerMount {
  std::string source;
  std::string subPath;  ///< Below the source; cannot lead out of it. Empty: the source itself.
  std::string target;   ///< Absolute, in the container; made if it is missing.
  bool readOnly = false;
  bool replace = false;  ///< Takes the place of what is there (/etc/resolv.conf may be a link);
                         ///< not mounting it is no error.
};

struct ContainerConfig {
  std::string name;                  ///< For error messages.
  const Sandbox* sandbox = nullptr;  ///< Outlives the start.
  std::vector<std::string> argv;     ///< argv[0] without a slash is searched in PATH.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string workingDir;
  std::string rootDirectory;  ///< The root file system; empty: put together from the host's.
  std::string program;  ///< argv[0] as the host sees it, where the container may not; or empty.
  std::vector<ContainerMount> mounts;
  std::vector<std::string> hidden;  ///< Directories of the host that the container must not see.
  std::string workDir;  ///< An existing directory of the node; mounts are put together in it.
  bool readOnlyRoot = false;
  bool privileged = false;  ///< Keeps every capability.
  node::Capabilities capabilities = node::defaultCapabilities();
  std::optional<std::int64_t> uid;  ///< Ignored where the user namespace has no such user.
  std::optional<std::int64_t> gid;
};

}  // namespace hitless::sys

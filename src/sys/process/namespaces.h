#pragma once

#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <string>

#include "base/error.h"

namespace hitless::sys {

/// Which namespaces a child gets of its own.
struct NamespaceSet {
  bool user = false;  ///< The caller's uid and gid appear as 0 inside.
  bool net = false;
  bool pid = false;  ///< The child is process 1.
  bool mount = false;
  bool uts = false;
  bool ipc = false;
};

struct ChildProcess {
  pid_t pid = -1;
  int pidfd = -1;
};

/// Clones the calling, single-threaded process. `body` runs in the child, once its user namespace
/// (if any) is mapped; what it returns is the exit status. kPermission tells what this machine
/// forbids.
Result<ChildProcess> cloneChild(const NamespaceSet& namespaces, const std::function<int()>& body);

/// True where this process may make namespaces without a user namespace around them.
bool privileged();

/// Moves the calling, single-threaded process into namespaces of `pid` ("user", "net", "mnt",
/// "uts", "ipc"). A user namespace that it is in already is skipped.
Status joinNamespaces(pid_t pid, std::initializer_list<const char*> names);

/// An fd of one namespace of a process ("net"), close-on-exec.
Result<int> openNamespace(pid_t pid, const char* name);

}  // namespace hitless::sys

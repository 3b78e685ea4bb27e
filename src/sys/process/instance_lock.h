#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/error.h"

namespace hitless::sys {

/// A name that one process of a network namespace can hold. The kernel takes it back when the
/// holder ends, however it ends; there is no file to clean up.
class InstanceLock {
 public:
  struct Holder {
    pid_t pid = 0;        ///< 0 if it lives in a pid namespace that we cannot see.
    std::string command;  ///< Its command line; may be empty.
  };

  /// kConflict if somebody else holds the name; the message says who.
  static Result<InstanceLock> take(const std::string& name);
  /// Who holds the name now; nobody if it is free.
  static Result<std::optional<Holder>> holderOf(const std::string& name);

  InstanceLock(InstanceLock&& other) noexcept;
  InstanceLock& operator=(InstanceLock&& other) noexcept;
  ~InstanceLock();

 private:
  explicit InstanceLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// "process 4711 (hitless agent --node-name n1)"
std::string describe(const InstanceLock::Holder& holder);

}  // namespace hitless::sys

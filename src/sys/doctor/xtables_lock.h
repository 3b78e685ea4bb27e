#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::sys {

/// The lock that iptables-legacy takes before it reads or writes a table (its xshared.c).
inline constexpr const char* kXtablesLockFile = "/run/xtables.lock";

/// Held while this exists.
class XtablesLock {
 public:
  /// Waits in the kernel's queue as `iptables -w` does, so that we get our turn among others that
  /// wait. kUnavailable after `wait`: somebody holds it for longer.
  static Result<XtablesLock> take(const std::string& file, nanoseconds wait);
  ~XtablesLock();
  XtablesLock(XtablesLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  XtablesLock& operator=(XtablesLock&&) = delete;

 private:
  explicit XtablesLock(int fd) : fd_(fd) {}
  int fd_;
};

/// A file as /proc/locks names it: "00:1a:1234".
Result<std::string> lockFileIdentity(const std::string& file);
/// doctor::names::kXtablesLock. kNotFound if nobody has ever taken it.
Result<std::string> xtablesLockFile();

}  // namespace hitless::sys

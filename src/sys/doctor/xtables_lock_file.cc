#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sys/doctor/xtables_lock.h"

namespace hitless::sys {

Result<std::string> lockFileIdentity(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return osFail(fmt::format("cannot look at {}", file));
  }
  return fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
}

Result<std::string> xtablesLockFile() {
  return lockFileIdentity(kXtablesLockFile);
}

}  // namespace hitless::sys

#include "app/cluster/mounts.h"

#include <sys/mount.h>
#include <sys/stat.h>

namespace hitless::app {

Status mountClusterView(const std::string& stateDir) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return osFail("cannot make the mounts private");
  }
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return osFail("cannot mount /proc");
  }
  if (::mkdir(stateDir.c_str(), 0700) != 0 && errno != EEXIST) {
    return osFail("cannot make " + stateDir);
  }
  if (::mount("hitless", stateDir.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") != 0) {
    return osFail("cannot mount a tmpfs on " + stateDir);
  }
  return {};
}

void unmountState(const std::string& stateDir) {
  ::umount2(stateDir.c_str(), MNT_DETACH);
}

}  // namespace hitless::app

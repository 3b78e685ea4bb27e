#include "sys/container/child_setup.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/container/capabilities.h"

// Runs between clone() and exec(): system calls on memory that was laid out before.
namespace hitless::sys {
namespace {

enum Step {
  kSandbox = 1,
  kPrivate,
  kSource,
  kRoot,
  kDevices,
  kPivot,
  kTarget,
  kVolume,
  kReadOnly,
  kOutput,
  kPrivileges,
  kWorkingDir,
  kExecute,
};

struct StepText {
  Step step;
  std::string_view text;
};

constexpr StepText kSteps[] = {
    {kSandbox, "entering the pod's namespaces"},
    {kPrivate, "leaving the node's mounts"},
    {kSource, "opening a volume"},
    {kRoot, "putting the root file system together"},
    {kDevices, "mounting /proc, /dev and /tmp"},
    {kPivot, "changing to the root file system"},
    {kTarget, "making a mount point"},
    {kVolume, "mounting a volume"},
    {kReadOnly, "making the root file system read-only"},
    {kOutput, "connecting the output"},
    {kPrivileges, "dropping privileges"},
    {kWorkingDir, "entering the working directory"},
    {kExecute, "executing the command"},
};

int setTreeReadOnly(int fd, const char* path, unsigned flags) {
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  return static_cast<int>(::syscall(SYS_mount_setattr, fd, path, flags, &attr, sizeof attr));
}

/// A link that cannot be made is missed by few programs.
void makeLink(const char* text, const char* path) {
  [[maybe_unused]] const int made = ::symlink(text, path);
}

}  // namespace

std::string_view ChildSetup::stepText(int step) {
  for (const StepText& row : kSteps) {
    if (row.step == step) {
      return row.text;
    }
  }
  return "starting the container";
}

void ChildSetup::die(int step, int error) {
  const ChildFailure failure{step, error};
  [[maybe_unused]] const auto written = ::write(report_, &failure, sizeof failure);
  ::_exit(127);
}

void ChildSetup::need(bool ok, int step) {
  if (!ok) {
    die(step, errno);
  }
}

void ChildSetup::run(int reportFd, int inputFd, int outputFd, int errorFd) {
  report_ = reportFd;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  ::umask(0);
  enterSandbox();
  need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, kPrivate);
  openTrees();
  makeRoot();
  makeDevices();
  pivot();
  attachTrees();
  lockRoot();
  need(redirectOutput(inputFd, outputFd, errorFd), kOutput);
  enterWorkingDir();
  ::umask(022);
  dropPrivileges();
  resetChild();
  // Losing a user id clears the setting.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  die(kExecute, program_.execute());
}

void ChildSetup::enterSandbox() {
  need(network_ < 0 || ::setns(network_, CLONE_NEWNET) == 0, kSandbox);
  need(ipc_ < 0 || ::setns(ipc_, CLONE_NEWIPC) == 0, kSandbox);
  need(uts_ < 0 || ::setns(uts_, CLONE_NEWUTS) == 0, kSandbox);
}

/// Volumes are taken hold of while the node's mounts are still there, and put into place at the
/// end, when the container's own links lead to the right places.
void ChildSetup::openTrees() {
  for (Mount& mount : mounts_) {
    const int source = openSource(mount);
    if (source < 0 && mount.spec.replace) {
      continue;
    }
    need(source >= 0, kSource);
    mount.tree = static_cast<int>(
        ::syscall(SYS_open_tree, source, "",
                  AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    need(mount.tree >= 0, kSource);
    ::close(source);
    if (mount.spec.readOnly) {
      need(setTreeReadOnly(mount.tree, "", AT_EMPTY_PATH | AT_RECURSIVE) == 0, kSource);
    }
  }
}

int ChildSetup::openSource(const Mount& mount) const {
  const int source = ::open(mount.spec.source.c_str(), O_PATH | O_CLOEXEC);
  if (source < 0 || mount.spec.subPath.empty()) {
    return source;
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const int inside = static_cast<int>(
      ::syscall(SYS_openat2, source, mount.spec.subPath.c_str(), &how, sizeof how));
  ::close(source);
  return inside;
}

void ChildSetup::makeRoot() {
  need(::mount("scratch", scratch_.c_str(), "tmpfs", 0, "mode=755") == 0, kRoot);
  if (fromHost_) {
    need(::mount("root", root_.c_str(), "tmpfs", 0, "mode=755") == 0, kRoot);
  }
  for (const std::string& directory : directories_) {
    need(::mkdir(directory.c_str(), 0755) == 0, kRoot);
  }
  for (const Overlay& overlay : overlays_) {
    mountOverlay(overlay);
  }
  for (const Bind& entry : binds_) {
    bind(entry.source, entry.target, true);
  }
  for (const Link& link : links_) {
    need(::symlink(link.text.c_str(), link.path.c_str()) == 0, kRoot);
  }
  for (const Bind& entry : nested_) {
    // A convenience: what cannot be shown is not there.
    ::mount(entry.source.c_str(), entry.target.c_str(), nullptr, MS_BIND | MS_REC, nullptr);
    setTreeReadOnly(AT_FDCWD, entry.target.c_str(), AT_RECURSIVE);
  }
  for (const std::string& hidden : covered_) {
    ::mount("hidden", hidden.c_str(), "tmpfs", MS_RDONLY, "mode=0,size=4k");
  }
}

/// Where the kernel refuses an overlay (old ones in user namespaces), the directory is read-only.
void ChildSetup::mountOverlay(const Overlay& overlay) {
  const bool made = ::mkdir(overlay.upper.c_str(), overlay.entry.mode) == 0 &&
                    ::mkdir(overlay.work.c_str(), 0755) == 0;
  // Ids that the user namespace does not know cannot be kept.
  [[maybe_unused]] const int owned =
      ::chown(overlay.upper.c_str(), overlay.entry.uid, overlay.entry.gid);
  if (!made ||
      ::mount("overlay", overlay.target.c_str(), "overlay", 0, overlay.options.c_str()) != 0) {
    bind(overlay.entry.source, overlay.target, true);
  }
}

void ChildSetup::bind(const std::string& source, const std::string& target, bool readOnly) {
  need(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, kRoot);
  if (readOnly) {
    need(setTreeReadOnly(AT_FDCWD, target.c_str(), AT_RECURSIVE) == 0, kRoot);
  }
}

void ChildSetup::makeDevices() {
  for (const std::string* directory : {&proc_, &sys_, &dev_, &tmp_, &run_}) {
    need(::mkdir(directory->c_str(), 0755) == 0 || errno == EEXIST || errno == EROFS, kDevices);
  }
  // A machine that masks parts of /proc refuses a new one in a user namespace.
  need(::mount("proc", proc_.c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ||
           ::mount("/proc", proc_.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0,
       kDevices);
  if (::mount("/sys", sys_.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) {
    setTreeReadOnly(AT_FDCWD, sys_.c_str(), AT_RECURSIVE);
  }
  need(::mount("dev", dev_.c_str(), "tmpfs", MS_NOSUID, "mode=755,size=64k") == 0, kDevices);
  for (const Bind& device : devices_) {
    const int fd = ::open(device.target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    need(fd >= 0, kDevices);
    ::close(fd);
    ::mount(device.source.c_str(), device.target.c_str(), nullptr, MS_BIND, nullptr);
  }
  need(::mkdir(shm_.c_str(), 01777) == 0 && ::mkdir(pts_.c_str(), 0755) == 0, kDevices);
  ::mount("devpts", pts_.c_str(), "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666");
  if (fromHost_) {
    need(::mount("tmp", tmp_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0, kDevices);
    need(::mount("run", run_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0, kDevices);
  }
}

void ChildSetup::pivot() {
  need(::chdir(root_.c_str()) == 0, kPivot);
  // With both arguments the same the old root lies on top of the new one until it is unmounted
  // (pivot_root(2), "pivot_root(".", ".")").
  need(::syscall(SYS_pivot_root, ".", ".") == 0, kPivot);
  need(::umount2(".", MNT_DETACH) == 0, kPivot);
  need(::chdir("/") == 0, kPivot);
  makeLink("/proc/self/fd", "/dev/fd");
  makeLink("/proc/self/fd/0", "/dev/stdin");
  makeLink("/proc/self/fd/1", "/dev/stdout");
  makeLink("/proc/self/fd/2", "/dev/stderr");
  makeLink("pts/ptmx", "/dev/ptmx");
}

void ChildSetup::attachTrees() {
  for (const Mount& mount : mounts_) {
    if (mount.tree < 0) {
      continue;
    }
    const bool there = prepareTarget(mount);
    if (!there && mount.spec.replace) {
      continue;
    }
    need(there, kTarget);
    need(::syscall(SYS_move_mount, mount.tree, "", AT_FDCWD, mount.spec.target.c_str(),
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0 ||
             mount.spec.replace,
         kVolume);
    ::close(mount.tree);
  }
}

/// Makes the place that a volume goes to, a file or a directory as the volume is.
bool ChildSetup::prepareTarget(const Mount& mount) {
  const char* target = mount.spec.target.c_str();
  if (mount.spec.replace) {
    ::unlink(target);
  }
  makeParents(target);
  if (!mount.isFile) {
    return ::mkdir(target, 0755) == 0 || errno == EEXIST || errno == EROFS;
  }
  const int fd = ::open(target, O_CREAT | O_RDONLY | O_CLOEXEC, 0644);
  if (fd >= 0) {
    ::close(fd);
  }
  return fd >= 0;
}

void ChildSetup::makeParents(const char* path) {
  std::size_t size = 0;
  for (; path[size] != '\0'; ++size) {
    if (size > 0 && path[size] == '/') {
      path_[size] = '\0';
      ::mkdir(path_.c_str(), 0755);
    }
    path_[size] = path[size];
  }
  path_[size] = '\0';
}

void ChildSetup::lockRoot() {
  if (readOnlyRoot_) {
    // The root alone where it is an image; each overlay where it is put together.
    need(setTreeReadOnly(AT_FDCWD, "/", 0) == 0, kReadOnly);
    for (const Overlay& overlay : overlays_) {
      if (fromHost_) {
        setTreeReadOnly(AT_FDCWD, overlay.entry.source.c_str(), 0);
      }
    }
  }
}

void ChildSetup::enterWorkingDir() {
  if (workingDir_.empty()) {
    return;
  }
  makeParents(workingDir_.c_str());
  ::mkdir(workingDir_.c_str(), 0755);
  need(::chdir(workingDir_.c_str()) == 0, kWorkingDir);
}

void ChildSetup::dropPrivileges() {
  if (!privileged_) {
    boundCapabilities(capabilities_);
  }
  // EINVAL: the user namespace has no such id, so the process stays root of a namespace with no
  // more rights than its user.
  if (gid_) {
    const auto gid = static_cast<gid_t>(*gid_);
    need(::setresgid(gid, gid, gid) == 0 || errno == EINVAL || errno == EPERM, kPrivileges);
  }
  if (uid_) {
    const auto uid = static_cast<uid_t>(*uid_);
    need(::setresuid(uid, uid, uid) == 0 || errno == EINVAL || errno == EPERM, kPrivileges);
  }
  if (!privileged_) {
    limitCapabilities(capabilities_);
  }
}

}  // namespace hitless::sys

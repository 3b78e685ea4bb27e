#pragma once

#include <linux/openat2.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/container/child_program.h"
#include "sys/container/container_config.h"
#include "sys/container/root_plan.h"

namespace hitless::sys {

/// Everything that a container's first process does before it becomes the program, laid out before
/// clone(): in the child nothing is allocated and only system calls are made.
class ChildSetup {
 public:
  static Result<ChildSetup> prepare(const ContainerConfig& config);

  /// In the child: never returns. What fails is written to `reportFd` as a ChildFailure.
  [[noreturn]] void run(int reportFd, int inputFd, int outputFd, int errorFd);

  /// What the child was doing in a step, "mounting its root file system".
  static std::string_view stepText(int step);

 private:
  struct Overlay {
    std::string target;
    std::string upper;
    std::string work;
    std::string options;
    RootEntry entry;
  };
  struct Link {
    std::string path;
    std::string text;
  };
  struct Bind {
    std::string source;
    std::string target;
  };
  struct Mount {
    ContainerMount spec;
    bool isFile = false;
    int tree = -1;  ///< The detached mount, open in the child.
  };

  void planRoot(const ContainerConfig& config, const RootPlan& plan);
  void planImageRoot(const ContainerConfig& config);
  void addOverlay(const RootEntry& entry, const std::string& target);
  void planDevices();

  // In the child.
  void enterSandbox();
  void openTrees();
  int openSource(const Mount& mount) const;
  void makeRoot();
  void mountOverlay(const Overlay& overlay);
  void bind(const std::string& source, const std::string& target, bool readOnly);
  void makeDevices();
  void pivot();
  void attachTrees();
  bool prepareTarget(const Mount& mount);
  void makeParents(const char* path);
  void lockRoot();
  void dropPrivileges();
  void enterWorkingDir();
  [[noreturn]] void die(int step, int error);
  void need(bool ok, int step);

  ChildProgram program_;
  std::string root_;     ///< The new root's mount point.
  std::string scratch_;  ///< Where the overlays' upper directories are.
  bool fromHost_ = true;
  std::vector<Overlay> overlays_;
  std::vector<Bind> binds_;
  std::vector<Link> links_;
  std::vector<Bind> nested_;
  std::vector<Bind> devices_;
  std::vector<std::string> directories_;  ///< Made in the new root before anything is mounted.
  std::vector<std::string> covered_;      ///< Hidden by an empty file system.
  std::string proc_, sys_, dev_, shm_, tmp_, run_, pts_;
  std::vector<Mount> mounts_;
  std::string workingDir_;
  std::string path_;  ///< Room for the prefixes of a path.
  int network_ = -1;
  int ipc_ = -1;
  int uts_ = -1;
  int report_ = -1;
  bool readOnlyRoot_ = false;
  bool privileged_ = false;
  node::Capabilities capabilities_ = 0;
  std::optional<std::int64_t> uid_;
  std::optional<std::int64_t> gid_;
};

}  // namespace hitless::sys

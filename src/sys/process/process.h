#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::sys {

/// A process that is not necessarily our child, safe against reuse of its pid.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t startTime = 0;  ///< Field 22 of /proc/PID/stat: clock ticks after boot.
  bool operator==(const ProcessId&) const = default;
};

/// nullopt if there is no such process.
std::optional<ProcessId> processOf(pid_t pid);
/// False if the process is gone, even if another one has its pid by now.
bool alive(const ProcessId& process);
/// Sends a signal unless the process is gone. kNotFound, kPermission.
Status signalProcess(const ProcessId& process, int signal);
/// Waits until the process is gone; false if `timeout` passes first.
bool waitGone(const ProcessId& process, nanoseconds timeout);
/// Pids of the children of `parent`, in our pid namespace.
std::vector<pid_t> childrenOf(pid_t parent);
/// argv of a process; empty if it is gone or a kernel thread.
std::vector<std::string> commandLineOf(pid_t pid);

/// The absolute path of the running program.
std::string ownPath();

}  // namespace hitless::sys

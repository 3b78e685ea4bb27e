#include "core/doctor/process_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::doctor {
namespace {

std::string nameOf(const Process& process) {
  const std::string pod = podOf(process.cgroup);
  return fmt::format("{} (pid {}{}{})", process.name, process.pid, pod.empty() ? "" : ", pod ",
                     pod);
}

}  // namespace

const Process* processOf(std::span<const Process> processes, std::int32_t pid) {
  for (const Process& process : processes) {
    if (process.pid == pid) {
      return &process;
    }
  }
  return nullptr;
}

std::string podOf(std::string_view cgroup) {
  constexpr std::size_t kUid = 36;
  if (cgroup.find("kubepods") == std::string_view::npos) {
    return {};
  }
  for (std::size_t at = cgroup.find("pod"); at != std::string_view::npos;
       at = cgroup.find("pod", at + 1)) {
    std::string uid(cgroup.substr(at + 3, kUid));
    std::replace(uid.begin(), uid.end(), '_', '-');
    const bool fits = uid.size() == kUid && uid[8] == '-' &&
                      uid.find_first_not_of("0123456789abcdef-") == std::string::npos;
    if (fits) {
      return uid;
    }
  }
  return {};
}

std::string whoIs(std::span<const Process> processes, std::int32_t pid) {
  const Process* process = processOf(processes, pid);
  if (process == nullptr) {
    return fmt::format("process {}", pid);
  }
  std::string text = nameOf(*process);
  if (const Process* parent = processOf(processes, process->parent)) {
    text += ", started by " + nameOf(*parent);
  }
  return process->arguments.empty() ? text : text + ": " + join(process->arguments, " ");
}

}  // namespace hitless::doctor

#include "sys/doctor/sysctl_repairer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/doctor/json_fields.h"
#include "sys/container/fd.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::WriteSysctl;

/// What may be written: a name below net/, which cannot lead out of the tree.
Status expectProper(const std::string& name) {
  const auto parts = split(name, '/');
  const bool proper = parts.size() > 1 && parts.front() == "net" &&
                      std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
                        return part.empty() || part == "." || part == "..";
                      });
  return proper ? Status{} : invalid(fmt::format("{} is no sysctl below net/", name));
}

/// The kernel separates the numbers of one parameter with tabs.
std::string plain(std::string_view value) {
  std::string text(trim(value));
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

std::vector<WriteSysctl> sysctlsOf(std::span<const Action> actions) {
  std::vector<WriteSysctl> found;
  for (const Action& action : actions) {
    if (const auto* write = std::get_if<WriteSysctl>(&action)) {
      found.push_back(*write);
    }
  }
  return found;
}

}  // namespace

bool SysctlRepairer::canDo(const Action& action) const {
  return std::holds_alternative<WriteSysctl>(action);
}

Result<std::string> SysctlRepairer::read(const std::string& name) const {
  TRY_VOID(expectProper(name));
  return plain(TRY(readFile((root_ / name).string())));
}

Status SysctlRepairer::write(const std::string& name, const std::string& value) const {
  TRY_VOID(expectProper(name));
  const Fd file(::open((root_ / name).c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC));
  const std::string line = value + "\n";
  if (!file.valid() ||
      ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return osFail(fmt::format("cannot set {} to {}", name, value));
  }
  return {};
}

Result<std::vector<std::string>> SysctlRepairer::plan(const Action& action) {
  std::vector<std::string> lines;
  const auto writes = sysctlsOf({&action, 1});
  for (const WriteSysctl& one : writes) {
    const std::string now = TRY(read(one.name));
    lines.push_back(now == plain(one.value) ? fmt::format("{} is {} already", one.name, now)
                                            : fmt::format("{}: {} becomes {}, until the next boot",
                                                          one.name, now, one.value));
  }
  return lines;
}

Status SysctlRepairer::apply(std::span<const Action> actions, doctor::UndoLog& log) {
  std::vector<WriteSysctl> before;
  std::vector<WriteSysctl> after;
  const auto writes = sysctlsOf(actions);
  for (const WriteSysctl& one : writes) {
    const std::string now = TRY(read(one.name));
    if (now != plain(one.value)) {
      before.push_back({one.name, now});
      after.push_back(one);
      TRY_VOID(log.record({name(), {{"name", one.name}, {"value", now}}}));
    }
  }
  if (after.empty()) {
    return fail(ErrorKind::kNotFound, "all sysctls have their values already");
  }
  for (std::size_t at = 0; at < after.size(); ++at) {
    if (Status written = write(after[at].name, after[at].value); !written) {
      while (at-- > 0) {
        (void)write(before[at].name, before[at].value);
      }
      return written;
    }
  }
  return {};
}

Status SysctlRepairer::verify(std::span<const Action> actions) {
  const auto writes = sysctlsOf(actions);
  for (const WriteSysctl& one : writes) {
    const std::string now = TRY(read(one.name));
    if (now != plain(one.value)) {
      return fail(ErrorKind::kConflict,
                  fmt::format("{} is {} and not {}", one.name, now, one.value),
                  "something else writes it: see check sysctl-flap");
    }
  }
  return {};
}

Status SysctlRepairer::undo(const doctor::UndoEntry& entry) {
  return write(doctor::fields::text(entry.before, "name"),
               doctor::fields::text(entry.before, "value"));
}

}  // namespace hitless::sys

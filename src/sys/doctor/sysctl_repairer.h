#pragma once

#include <filesystem>

#include "core/doctor/repairer.h"

namespace hitless::sys {

/// Writes kernel parameters of the network namespace that the thread is in, until the next boot.
class SysctlRepairer : public doctor::Repairer {
 public:
  /// `root` is another place for tests.
  explicit SysctlRepairer(std::filesystem::path root = "/proc/sys") : root_(std::move(root)) {}

  std::string name() const override { return "sysctl"; }
  bool canDo(const doctor::Action& action) const override;
  Result<std::vector<std::string>> plan(const doctor::Action& action) override;
  /// All are recorded before the first is written; if one cannot be written, those before it are
  /// taken back.
  Status apply(std::span<const doctor::Action> actions, doctor::UndoLog& log) override;
  Status verify(std::span<const doctor::Action> actions) override;
  Status undo(const doctor::UndoEntry& entry) override;

 private:
  Result<std::string> read(const std::string& name) const;
  Status write(const std::string& name, const std::string& value) const;

  std::filesystem::path root_;
};

}  // namespace hitless::sys

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/doctor/repairer.h"
#include "sys/container/fd.h"

/// What `hitless doctor --fix` keeps so that `--undo FILE` can bring it back: a line of JSON each,
/// the first saying of which host.
namespace hitless::sys {

/// Made when the first entry is recorded, for its owner only; never replaces a file.
class UndoFile : public doctor::UndoLog {
 public:
  explicit UndoFile(std::string path) : path_(std::move(path)) {}
  Status record(const doctor::UndoEntry& entry) override;
  const std::string& path() const { return path_; }
  /// Something has been recorded that --undo can bring back.
  bool made() const { return entries_ > 0; }

 private:
  Status open();
  std::string path_;
  Fd file_;
  std::size_t entries_ = 0;
};

/// The entries in the order in which they were recorded. A last line that is cut short belongs to a
/// change that was never made. kInvalid, with the line, for what is no undo file of this host.
Result<std::vector<doctor::UndoEntry>> readUndoFile(const std::string& path);

}  // namespace hitless::sys

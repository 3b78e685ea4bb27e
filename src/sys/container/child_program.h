#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// argv, environment and the places to look for the program, laid out before clone() so that the
/// child need not allocate.
class ChildProgram {
 public:
  /// `hostProgram` may be empty; else it is opened here, for the case that the child cannot see it.
  static Result<ChildProgram> prepare(
      const std::vector<std::string>& argv,
      const std::vector<std::pair<std::string, std::string>>& environment,
      const std::string& hostProgram);

  /// Replaces the process; returns the errno that says most if nothing could be executed.
  /// Async-signal-safe.
  int execute() const;

 private:
  std::vector<std::string> words_;
  std::vector<std::string> variables_;
  std::vector<std::string> candidates_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  Fd program_;
};

/// Where the child tells its parent what went wrong, before it has become the program.
struct ChildFailure {
  int step = 0;
  int error = 0;
};

/// For use between clone() and exec(): signal state back to normal, no inherited descriptors.
/// Async-signal-safe.
void resetChild();
/// Makes fds 0, 1, 2 of the given ones. Async-signal-safe.
bool redirectOutput(int input, int output, int error);

}  // namespace hitless::sys

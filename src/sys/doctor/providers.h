#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

/// Who tells what evidence_names.h lists: one table each (providers.cc).
namespace hitless::sys {

/// Tells how things are now. kNotFound: the node has no such thing, which is no failure.
struct Provider {
  std::string_view name;
  Result<std::string> (*read)();
};

/// What happens between the two samples.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual Result<std::string> finish() = 0;
};
struct Recorder {
  std::string_view name;
  Result<std::unique_ptr<Recording>> (*start)();
};

/// nullptr if there is none of this name.
const Provider* providerOf(std::string_view name);
const Recorder* recorderOf(std::string_view name);

}  // namespace hitless::sys

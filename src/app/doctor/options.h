#pragma once

#include <optional>
#include <string>
#include <vector>

namespace hitless::app {

struct DoctorOptions {
  std::vector<std::string> only;
  std::vector<std::string> skip;
  bool json = false;
  std::string bundle;                ///< Write one.
  std::string readBundle;            ///< Look at one instead of this node.
  std::vector<std::string> fixOnly;  ///< Ids; empty: all.
  bool yes = false;
  std::string undoFile;  ///< Where to keep what a repair replaces; empty: a new name here.
};

}  // namespace hitless::app

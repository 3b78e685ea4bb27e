#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/doctor/iptables_binaries.h"

namespace hitless::sys {

/// Where a binary is.
struct IptablesPlace {
  std::string root;  ///< "/proc/4123/root", or empty for this node's own files.
  std::string path;  ///< Below the root.
  std::string user;
};

/// At most eight: PATH and the usual folders, K3s' bundle, and containers of processes that write
/// rules. The same file is named once.
std::vector<IptablesPlace> findIptables();

/// The truth test: everything that is run runs in network namespaces made for it (and a user
/// namespace where we are not root), so that neither rules nor tables of the node are touched.
/// Whole pairs are left out once `budget` is used up.
Result<doctor::IptablesBinaries> testIptables(const std::vector<IptablesPlace>& places,
                                              nanoseconds budget);

/// doctor::names::kIptablesBinaries. kNotFound if there are none.
Result<std::string> iptablesBinaries();

}  // namespace hitless::sys

#pragma once

#include <string>

#include "base/error.h"
#include "base/ip.h"

/// Evidence of the legacy back-end. Makes no table, takes no lock.
namespace hitless::sys {

/// doctor::names::kLegacyTables, in microseconds. kNotFound if there are none.
Result<std::string> legacyTables();
/// doctor::names::kLegacyRules4 and 6: as iptables-legacy-save -c. A table with more than
/// doctor::kLegacyMostWalked entries is a comment, "# unread-table NAME ENTRIES". kNotFound if
/// there are no tables.
Result<std::string> legacyRules(IpFamily family);
Result<std::string> legacyRules4();
Result<std::string> legacyRules6();

}  // namespace hitless::sys

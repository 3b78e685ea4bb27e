#pragma once

#include <string>

#include "core/iptables/xt_text.h"
#include "core/xtables/table.h"

namespace hitless::xtables {

/// What iptables-save prints behind "-A CHAIN ".
std::string ruleText(const Table& table, const Rule& rule, const iptables::SetNames* sets);

/// The table as `iptables-legacy-save -c` prints it, without the comments around it.
std::string saveText(const Table& table, const iptables::SetNames* sets);

}  // namespace hitless::xtables

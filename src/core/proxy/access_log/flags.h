#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/proxy/request_record.h"

namespace hitless::proxy {

struct FlagName {
  Flag flag;
  std::string_view name;     ///< Envoy's: "UC".
  std::string_view meaning;  ///< For documentation.
};

/// Every flag, in the order in which Envoy writes them.
std::span<const FlagName> flagTable();

/// "UC,URX"; "-" if there is none.
std::string flagNames(Flags flags);

}  // namespace hitless::proxy

#pragma once

#include <optional>
#include <regex>
#include <string>

#include "base/error.h"

namespace hitless::proxy {

/// Which names are asked for. Matching takes polynomial time whatever the expression.
class NameFilter {
 public:
  /// An empty pattern lets everything pass.
  static Result<NameFilter> parse(const std::string& pattern);
  bool passes(const std::string& name) const;

 private:
  std::optional<std::regex> regex_;
};

}  // namespace hitless::proxy

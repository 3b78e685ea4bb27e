#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/doctor/check.h"

/// Which checks run, what they need, and what they say together.
namespace hitless::doctor {

/// The checks named in `only` (all if it is empty) without those in `skip`. An unknown id is
/// kInvalid and names the nearest.
Result<std::vector<const Check*>> select(std::span<const Check* const> all,
                                         const std::vector<std::string>& only,
                                         const std::vector<std::string>& skip);

/// What these checks look at, each name once; `twice` if one of them wants it twice.
std::vector<Want> wantsOf(std::span<const Check* const> checks);

/// A check that had to go without a part of what it looks at.
struct Unseen {
  std::string check;
  std::string name;
  std::string reason;
  bool operator==(const Unseen&) const = default;
};

struct Examination {
  std::vector<Finding> findings;  ///< The worst first, else in the order of the checks.
  std::vector<Unseen> unseen;
  std::size_t checks = 0;  ///< How many ran.

  /// nullopt: there is no finding.
  std::optional<Severity> worst() const;
};

Examination examine(const Evidence& evidence, std::span<const Check* const> checks);

}  // namespace hitless::doctor

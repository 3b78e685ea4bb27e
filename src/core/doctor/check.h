#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/doctor/evidence.h"
#include "core/doctor/finding.h"

namespace hitless::doctor {

/// A piece of evidence that a check looks at: a name, or a pattern as in Evidence::names().
struct Want {
  std::string_view name;
  bool twice = false;  ///< In the first sample and in the last: what matters is how it changes.
};

/// What a person reads about a check: docs/doctor.md and `hitless doctor --about ID` are made of
/// it. Markdown, whole sentences.
struct Page {
  std::string_view fault;        ///< What goes wrong, and how it comes about.
  std::string_view evidence;     ///< What is looked at, and from where on it is a finding.
  std::string_view consequence;  ///< What traffic and people notice.
  std::string_view repair;       ///< What `--fix` does; where it does nothing, what a person does.
};

/// One folder below checks/, with its test.
struct Check {
  std::string_view id;     ///< Stable: "nft-rule-explosion".
  std::string_view title;  ///< "Too many rules in an nf_tables chain"
  Page page;
  std::span<const Want> wants;
  /// No finding on what is not there: evidence that is missing is no fault, and Evidence::unread is
  /// told to the user by who runs the checks.
  std::vector<Finding> (*run)(const Evidence& evidence);
};

/// All, in the order of the page (checks.cc is the one list).
std::span<const Check* const> checks();

}  // namespace hitless::doctor

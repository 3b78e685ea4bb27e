#pragma once

#include <span>
#include <string>

#include "core/doctor/check.h"

namespace hitless::doctor {

/// A check's page: `hitless doctor --about ID`.
std::string renderPage(const Check& check);
/// The part of docs/doctor.md that lists the checks.
std::string renderCatalogue(std::span<const Check* const> checks);
/// A line each: `hitless doctor --list`.
std::string renderList(std::span<const Check* const> checks);

}  // namespace hitless::doctor

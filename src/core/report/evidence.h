#pragma once

#include <string>

#include "core/report/attribution.h"

namespace hitless::report {

/// What an attribution rests on, for a person: "node-1's rules held default/web-0 for 0.98 s after
/// its endpoint had left".
std::string evidenceOf(const load::Failure& failure, const Attribution& why, const Facts& facts);

}  // namespace hitless::report

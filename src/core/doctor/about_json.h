#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "core/doctor/evidence.h"

/// What a bundle says of itself: all of Evidence but the files.
namespace hitless::doctor {

std::string renderAbout(const Evidence& evidence);
/// With as many empty samples as there were. At most 16.
Result<Evidence> parseAbout(std::string_view json);

}  // namespace hitless::doctor

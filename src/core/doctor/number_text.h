#pragma once

#include <cstdint>
#include <string>

namespace hitless::doctor {

/// "1,055,488"
std::string grouped(std::uint64_t number);

}  // namespace hitless::doctor

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hitless {

/// "1,055,488"
std::string grouped(std::uint64_t number);
/// "1 rule", "1,055,488 rules"; the plural is `what` with an s unless it is given.
std::string counted(std::uint64_t number, std::string_view what, std::string_view plural = {});

}  // namespace hitless

#include "base/count_text.h"

#include <fmt/format.h>

namespace hitless {

std::string grouped(std::uint64_t number) {
  return fmt::format("{}", fmt::group_digits(number));
}

std::string counted(std::uint64_t number, std::string_view what, std::string_view plural) {
  if (number == 1) {
    return fmt::format("1 {}", what);
  }
  return plural.empty() ? fmt::format("{} {}s", grouped(number), what)
                        : fmt::format("{} {}", grouped(number), plural);
}

}  // namespace hitless

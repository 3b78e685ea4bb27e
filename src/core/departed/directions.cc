#include "core/departed/directions.h"

#include <array>

namespace hitless::departed {

namespace {

constexpr std::string_view kIn = " in ";

}  // namespace

std::string describe(const Whose& whose) {
  return whose.service.empty() ? whose.pod : whose.pod + std::string(kIn) + whose.service;
}

Whose parseWhose(std::string_view text) {
  const std::size_t in = text.find(kIn);
  return in == std::string_view::npos
             ? Whose{std::string(text), {}}
             : Whose{std::string(text.substr(0, in)), std::string(text.substr(in + kIn.size()))};
}

std::string_view name(Turn turn) {
  constexpr std::array<std::string_view, 6> kNames = {
      "parked",   "forwarded",           "tombstoned",
      "released", "second-chance-begun", "second-chance-ended"};
  return kNames[static_cast<std::size_t>(turn)];
}

}  // namespace hitless::departed

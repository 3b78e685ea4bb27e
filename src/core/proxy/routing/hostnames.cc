#include "core/proxy/routing/hostnames.h"

namespace hitless::proxy::routing {
namespace {

bool isAll(std::string_view hostname) {
  return hostname.empty() || hostname == "*";
}

}  // namespace

bool covers(std::string_view wide, std::string_view narrow) {
  if (isAll(wide)) {
    return true;
  }
  if (isAll(narrow) || !wide.starts_with("*.")) {
    return wide == narrow;
  }
  // What follows the star, with its dot, ends the other one, and something comes before it.
  const std::string_view suffix = wide.substr(1);
  return wide == narrow || (narrow.size() > suffix.size() && narrow.ends_with(suffix));
}

std::optional<std::string> intersection(std::string_view a, std::string_view b) {
  if (covers(a, b)) {
    return isAll(b) ? "*" : std::string(b);
  }
  return covers(b, a) ? std::optional(std::string(a)) : std::nullopt;
}

}  // namespace hitless::proxy::routing

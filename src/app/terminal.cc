#include "app/terminal.h"

#include <fmt/format.h>

#include <cstdio>

namespace hitless::app {

int exitStatus(const Status& status) {
  if (status) {
    return 0;
  }
  std::fflush(stdout);
  fmt::print(stderr, "hitless: {}\n", status.error().text());
  return 1;
}

}  // namespace hitless::app

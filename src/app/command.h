#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// One subcommand. `add` declares its options on the given parser and returns what runs it, which
/// yields the exit status.
struct Command {
  const char* name;
  const char* summary;
  std::function<int()> (*add)(CLI::App& parser);
  bool hidden = false;  ///< Started by other commands, not by people.
};

}  // namespace hitless::app

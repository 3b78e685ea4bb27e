#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless agent`; see Command::add.
std::function<int()> addAgent(CLI::App& parser);

}  // namespace hitless::app

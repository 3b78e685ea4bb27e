#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless inject`; see Command::add.
std::function<int()> addInject(CLI::App& parser);

}  // namespace hitless::app

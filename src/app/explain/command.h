#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless explain`; see Command::add.
std::function<int()> addExplain(CLI::App& parser);

}  // namespace hitless::app

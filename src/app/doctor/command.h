#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless doctor`: finds what is wrong with a node's packet rules, and repairs it if asked.
std::function<int()> addDoctor(CLI::App& parser);

}  // namespace hitless::app

#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless proxy`; see Command::add.
std::function<int()> addProxy(CLI::App& parser);

}  // namespace hitless::app

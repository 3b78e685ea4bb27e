#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless rehearse`; see Command::add and docs/scenarios.md.
std::function<int()> addRehearse(CLI::App& parser);

}  // namespace hitless::app

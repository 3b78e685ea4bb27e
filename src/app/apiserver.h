#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless apiserver`: the embedded API server alone, without controllers and nodes.
std::function<int()> addApiserver(CLI::App& parser);

}  // namespace hitless::app

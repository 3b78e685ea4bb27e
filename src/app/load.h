#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless load`; see Command::add. Exits 0 if no request failed, 2 if some did, 1 if it could not
/// run.
std::function<int()> addLoad(CLI::App& parser);

}  // namespace hitless::app

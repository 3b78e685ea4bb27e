#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless proxy sidecar`; see Command::add.
std::function<int()> addProxySidecar(CLI::App& parser);

}  // namespace hitless::app

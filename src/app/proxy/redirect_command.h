#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless proxy redirect`; see Command::add.
std::function<int()> addProxyRedirect(CLI::App& parser);

}  // namespace hitless::app

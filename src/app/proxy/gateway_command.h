#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless proxy gateway`; see Command::add.
std::function<int()> addProxyGateway(CLI::App& parser);

}  // namespace hitless::app

#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless explain name`: what a name resolves to for a pod, and why. The returned function runs
/// it.
std::function<int()> addExplainName(CLI::App& parser);

}  // namespace hitless::app

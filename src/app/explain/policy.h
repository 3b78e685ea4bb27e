#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless explain policy`: whether NetworkPolicies allow a connection, and why. The returned
/// function runs it.
std::function<int()> addExplainPolicy(CLI::App& parser);

}  // namespace hitless::app

#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// `hitless node`: one node of an embedded cluster, inside the namespaces made for it; see
/// Command::add.
std::function<int()> addNode(CLI::App& parser);

}  // namespace hitless::app

#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

// The commands around an embedded cluster; see Command::add.
std::function<int()> addUp(CLI::App& parser);
std::function<int()> addDown(CLI::App& parser);
std::function<int()> addRun(CLI::App& parser);
std::function<int()> addKubeconfig(CLI::App& parser);

}  // namespace hitless::app

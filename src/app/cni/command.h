#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

/// Container runtimes call CNI plugins by the name of a file, without arguments: as a link of this
/// name the program is `hitless cni`.
inline constexpr const char* kCniProgram = "hitless-cni";

/// A CNI plugin, to be chained after the one that gives pods their addresses: variables and
/// standard input say what to do, standard output gets the answer; the exit status is 0 or 1.
int runCni();

/// `hitless cni`; see Command::add.
std::function<int()> addCni(CLI::App& parser);

}  // namespace hitless::app

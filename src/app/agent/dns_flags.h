#pragma once

#include <CLI/App.hpp>
#include <string>

#include "app/agent/command_line.h"

namespace hitless::app {

/// An option in Go's duration syntax, not negative.
void addDuration(CLI::App& parser, const std::string& name, nanoseconds& target,
                 const std::string& help);

/// The flags of the node's name server.
void declareDns(CLI::App& parser, AgentCommandLine& line);

}  // namespace hitless::app

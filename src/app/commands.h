#pragma once

#include <span>

#include "app/command.h"

namespace hitless::app {

/// Every subcommand, in the order of --help.
std::span<const Command> commands();

}  // namespace hitless::app

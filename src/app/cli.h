#pragma once

namespace hitless::app {

/// The command line: parses it, runs one subcommand, returns the exit status.
int run(int argc, char** argv);

}  // namespace hitless::app

#pragma once

#include <CLI/App.hpp>
#include <string>

#include "base/error.h"

namespace hitless::app {

struct DumpOptions {
  std::string file;   ///< "-": standard input.
  bool json = false;  ///< Of the command that this belongs to.
};

/// --dump FILE
void addDumpOptions(CLI::App& parser, DumpOptions& options);
/// Tells what a dump repeats, whose its rules are, and what a packet passes. The exit status: 0
/// nothing can go, 2 something can, 1 the dump cannot be read.
int runDump(const DumpOptions& options);

/// The text of a dump, of standard input for "-".
Result<std::string> readDumpFile(const std::string& file);

}  // namespace hitless::app

#include "app/commands.h"

#include <cstdio>

#include "app/agent/command.h"
#include "app/load.h"
#include "app/node.h"

namespace hitless::app {
namespace {

std::function<int()> addVersion(CLI::App&) {
  return [] {
    std::puts("hitless 0.1.0");
    return 0;
  };
}

constexpr Command kCommands[] = {
    {"agent", "Keep a node's packet rules in step with its cluster", addAgent},
    {"load", "Send requests at a fixed rate and say what became of each", addLoad},
    {"node", "Run one node of an embedded cluster", addNode, true},
    {"version", "Print the version", addVersion},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace hitless::app

#include "app/cli.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <vector>

#include "app/cni/command.h"
#include "app/commands.h"

namespace hitless::app {

int run(int argc, char** argv) {
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == kCniProgram) {
    return runCni();
  }
  CLI::App parser{"Kubernetes service networking in which a rollout loses no request", "hitless"};
  parser.require_subcommand(1);
  int status = 0;
  for (const Command& command : commands()) {
    CLI::App* sub = parser.add_subcommand(command.name, command.summary);
    if (command.hidden) {
      sub->group("");
    }
    sub->callback([&status, body = command.add(*sub)] { status = body(); });
  }
  CLI11_PARSE(parser, argc, argv);
  return status;
}

}  // namespace hitless::app

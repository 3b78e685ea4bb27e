#include "app/inject/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "core/proxy/inject/manifest.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

using proxy::inject::Injected;
using proxy::inject::ManifestOptions;

struct CommandLine {
  std::vector<std::string> files;
  std::string output = "yaml";
  ManifestOptions options;
};

Result<std::string> textOf(const std::string& file) {
  if (file != "-") {
    return sys::readFile(file);
  }
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

Status execute(const CommandLine& line) {
  std::string out;
  for (const std::string& file : line.files) {
    const std::string text = TRY(textOf(file));
    const Injected injected =
        TRY(proxy::inject::injectInto(text, file == "-" ? "stdin" : file, line.options));
    for (const std::string& warning : injected.warnings) {
      fmt::print(stderr, "{}\n", warning);
    }
    const bool separated = out.empty() || line.options.json || injected.text.starts_with("---");
    out += (separated ? "" : "---\n") + injected.text;
  }
  fmt::print("{}", out);
  return {};
}

}  // namespace

std::function<int()> addInject(CLI::App& parser) {
  auto line = std::make_shared<CommandLine>();
  parser.add_option("-f,--filename", line->files, "Manifests, YAML or JSON; - is standard input")
      ->required();
  parser.add_option("-o,--output", line->output, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->capture_default_str();
  parser.add_option("--image", line->options.image, "Image of the proxy")->capture_default_str();
  parser.add_flag("--remove", line->options.remove, "Take the proxy out again");
  parser.footer(
      "Pods refuse it by the annotation hitless.io/inject: \"false\"; what else they may "
      "ask for is in docs/proxy-injection.md.");
  return [line]() -> int {
    line->options.json = line->output == "json";
    if (const Status status = execute(*line); !status) {
      fmt::print(stderr, "hitless inject: {}\n", status.error().text());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app

#include "app/doctor/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/doctor/dump_command.h"
#include "app/doctor/examination.h"
#include "app/doctor/fix.h"
#include "app/doctor/trace_command.h"
#include "app/doctor/watch.h"
#include "app/terminal.h"
#include "core/doctor/page.h"
#include "core/doctor/report.h"

namespace hitless::app {
namespace {

struct CommandLine {
  DoctorOptions options;
  std::string output = "text";
  bool list = false;
  std::string about;
  std::string undo;
  std::string watch;
  DumpOptions dump;
  TraceOptions trace;
};

void addLookOptions(CLI::App& parser, CommandLine& line) {
  parser.add_option("--only", line.options.only, "Run these checks only, by id")->delimiter(',');
  parser.add_option("--skip", line.options.skip, "Leave these checks out")->delimiter(',');
  parser.add_option("-o,--output", line.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  parser.add_flag("--list", line.list, "Name the checks");
  parser.add_option("--about", line.about, "Print what a check looks at and why");
  parser
      .add_option("--watch", line.watch,
                  "Tell what grows, and when it will hurt; every 5s, or as given")
      ->expected(0, 1)
      ->default_str("5s");
  parser.add_option(
      "--bundle", line.options.bundle,
      "Write what the checks look at to this file (tar.gz), to be examined elsewhere");
  parser.add_option("--read-bundle", line.options.readBundle,
                    "Examine such a file instead of this node");
}

CLI::Option* addRepairOptions(CLI::App& parser, CommandLine& line) {
  CLI::Option* fix =
      parser
          .add_option("--fix", line.options.fixOnly,
                      "Repair what was found (or these ids only): shows the plan and asks")
          ->expected(0, 100)
          ->delimiter(',');
  parser.add_flag("--yes", line.options.yes, "Repair without asking")->needs(fix);
  parser
      .add_option("--undo-file", line.options.undoFile,
                  "Where --fix keeps what it replaces (hitless-undo-TIME.jsonl)")
      ->needs(fix);
  parser.add_option("--undo", line.undo, "Bring back what a --fix has replaced, from its file");
  return fix;
}

Status printAbout(const std::string& id) {
  const auto chosen = TRY(doctor::select(doctor::checks(), {id}, {}));
  fmt::print("{}", doctor::renderPage(*chosen.front()));
  return {};
}

Status watch(const std::string& text) {
  const auto interval = parseDuration(text.empty() ? "5s" : text);
  if (!interval || *interval < std::chrono::milliseconds(100)) {
    return invalid(fmt::format("--watch {}: not a duration of at least 100ms", text));
  }
  return watchNode(*interval);
}

Result<int> fix(const CommandLine& line) {
  if (!line.options.readBundle.empty() || line.options.json) {
    return invalid("--fix repairs this node, and talks to a person",
                   "leave --read-bundle and -o json away");
  }
  return fixNode(line.options);
}

/// 1 after printing why not.
int statusOf(const Result<int>& result) {
  return result ? *result : exitStatus(tl::unexpected(result.error()));
}

int look(const CommandLine& line) {
  const auto examined = examineNode(line.options);
  return examined ? printReport(*examined, line.options.json)
                  : exitStatus(tl::unexpected(examined.error()));
}

}  // namespace

std::function<int()> addDoctor(CLI::App& parser) {
  auto line = std::make_shared<CommandLine>();
  addLookOptions(parser, *line);
  const CLI::Option* fixOption = addRepairOptions(parser, *line);
  addDumpOptions(parser, line->dump);
  CLI::App* trace = parser.add_subcommand(
      "trace", "Follow one packet through the rules, and say which one decides");
  addTraceOptions(*trace, line->trace);
  parser.footer(
      "Exit status: 0 nothing is wrong, 2 warnings, 3 critical, 1 the doctor itself failed.\n"
      "Every check: docs/doctor.md, or --about ID. Nothing is changed without --fix or --undo.");
  const CLI::Option* watchOption = parser.get_option("--watch");
  return [line, fixOption, watchOption, trace] {
    if (trace->parsed()) {
      return runTrace(line->trace);
    }
    line->options.json = line->dump.json = line->output == "json";
    if (!line->dump.file.empty()) {
      return runDump(line->dump);
    }
    if (line->list) {
      fmt::print("{}", doctor::renderList(doctor::checks()));
      return 0;
    }
    if (!line->about.empty()) {
      return exitStatus(printAbout(line->about));
    }
    if (!line->undo.empty()) {
      return exitStatus(undoFrom(line->undo));
    }
    if (watchOption->count() > 0) {
      return exitStatus(watch(line->watch));
    }
    if (fixOption->count() > 0) {
      std::erase(line->options.fixOnly, "");  // What CLI11 makes of --fix without ids.
      return statusOf(fix(*line));
    }
    if (!line->options.bundle.empty()) {
      return exitStatus(writeBundleOf(line->options));
    }
    return look(*line);
  };
}

}  // namespace hitless::app

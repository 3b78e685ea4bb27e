#include "app/rehearse.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "app/cluster/addresses.h"
#include "app/rehearsal/carry_out.h"
#include "app/rehearsal/find_prestop.h"
#include "app/rehearsal/plan.h"
#include "app/terminal.h"
#include "core/report/render_json.h"
#include "core/report/render_table.h"
#include "core/report/series.h"
#include "core/report/timeline_file.h"

namespace hitless::app {
namespace {

constexpr int kNotMet = 1;
constexpr int kNotCarriedOut = 2;
/// A load's own program cannot run on this machine: the status that says "skipped" to test drivers.
constexpr int kSkipped = 77;

report::Style styleOfTerminal() {
  const char* language =
      std::getenv("LC_ALL") != nullptr ? std::getenv("LC_ALL") : std::getenv("LANG");
  const bool unicode =
      language != nullptr && std::string_view(language).find("UTF-8") != std::string_view::npos;
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return {.colour = colour, .unicode = unicode};
}

void printJson(const kube::json::object& object) {
  fmt::print("{}\n", kube::json::serialize(object));
}

/// The file of --timeline, opened before anything starts: a mistake in its path costs no run.
class TimelineOutput {
 public:
  static Result<TimelineOutput> open(const std::string& path) {
    TimelineOutput out;
    if (!path.empty()) {
      out.file_.open(path, std::ios::trunc);
      if (!out.file_) {
        return tl::unexpected<Error>(osError("cannot write the timeline").about(path));
      }
    }
    return out;
  }
  /// One run after the other.
  void write(const report::Rehearsal& rehearsal) {
    if (file_.is_open()) {
      file_ << report::timelineFile(rehearsal) << std::flush;
    }
  }

 private:
  std::ofstream file_;
};

void printRun(const report::Rehearsal& rehearsal, const std::string& output) {
  if (output == "json") {
    printJson(report::renderJson(rehearsal));
  } else {
    fmt::print("\n{}", report::renderTable(rehearsal, styleOfTerminal()));
  }
}

/// Several runs: a line for each as it ends, with the whole report of one that fails, and all that
/// was lost at the end.
Result<int> repeat(const RehearseOptions& options, const RehearsalPlan& plan,
                   TimelineOutput& timeline) {
  report::Series series;
  for (int run = 1; run <= options.repeat; ++run) {
    const report::Rehearsal rehearsal = TRY(carryOut(plan));
    timeline.write(rehearsal);
    series.add(rehearsal);
    if (options.output == "table") {
      fmt::print("{}\n", series.lastLine(options.repeat));
      if (!report::passed(rehearsal)) {
        printRun(rehearsal, options.output);
      }
      std::fflush(stdout);
    }
  }
  if (options.output == "json") {
    printJson(series.toJson());
  } else {
    fmt::print("{}", series.summary());
  }
  return series.passed() ? 0 : kNotMet;
}

Result<int> findPrestopSleep(const RehearseOptions& options, const RehearsalPlan& plan,
                             TimelineOutput& timeline) {
  const report::PrestopAnswer answer =
      TRY(findPrestop(plan, [&](const report::Rehearsal& run) { timeline.write(run); }));
  if (options.output == "json") {
    printJson(report::renderJson(answer));
  } else {
    fmt::print("\n{}", report::renderText(answer));
  }
  return answer.sleep ? 0 : kNotMet;
}

Result<int> once(const RehearseOptions& options, const RehearsalPlan& plan,
                 TimelineOutput& timeline) {
  const report::Rehearsal rehearsal = TRY(carryOut(plan));
  timeline.write(rehearsal);
  printRun(rehearsal, options.output);
  return report::passed(rehearsal) ? 0 : kNotMet;
}

Result<int> run(const RehearseOptions& options, const RehearsalPlan& plan) {
  TimelineOutput timeline = TRY(TimelineOutput::open(options.timeline));
  if (!plan.scenario.description.empty() && options.output == "table") {
    fmt::print("{}\n\n", plan.scenario.description);
    std::fflush(stdout);
  }
  if (options.findPrestop) {
    return findPrestopSleep(options, plan, timeline);
  }
  return options.repeat > 1 ? repeat(options, plan, timeline) : once(options, plan, timeline);
}

/// Exit status: 0 expectation met, else see above.
int rehearse(const RehearseOptions& options) {
  const auto plan = planOf(options);
  if (!plan) {
    (void)exitStatus(tl::unexpected<Error>(plan.error()));
    return plan.error().kind == ErrorKind::kUnsupported ? kSkipped : kNotCarriedOut;
  }
  const auto status = run(options, *plan);
  if (!status) {
    (void)exitStatus(tl::unexpected<Error>(status.error()));
    return kNotCarriedOut;
  }
  return *status;
}

}  // namespace

std::function<int()> addRehearse(CLI::App& parser) {
  auto options = std::make_shared<RehearseOptions>();
  parser.add_option("scenario", options->folder, "A folder with manifests and a scenario.yaml");
  parser.add_option("-f,--filename", options->files, "Manifests or folders of your own")
      ->type_name("PATH");
  parser
      .add_option("--load", options->loads,
                  "URL and settings, 'http://web.default:80/ rate=500 keepalive' (repeatable)")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  parser.add_option("--do", options->action,
                    "What happens in the middle: 'rollout restart deployment/web'");
  parser.add_option("--compare", options->compare, "A further profile beside it: stock");
  parser.add_option("--profile", options->profiles, "Only these profiles");
  parser.add_option("--duration", options->duration, "How long the load lasts at least, 20s");
  parser.add_option("--nodes", options->nodes, "How many nodes")->check(CLI::Range(1, kMaxNodes));
  parser.add_option("--client-node", options->clientNode, "The node on which the loads run");
  parser.add_option("--timeline", options->timeline, "Write all events as JSON lines to this file")
      ->type_name("FILE");
  parser.add_option("--repeat", options->repeat, "Carry it out so many times")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  parser.add_flag("--find-prestop", options->findPrestop,
                  "Find the smallest preStop sleep with which stock loses nothing");
  parser.add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return [options] { return rehearse(*options); };
}

}  // namespace hitless::app

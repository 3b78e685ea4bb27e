#include "app/load.h"

#include <sys/resource.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>

#include "app/terminal.h"
#include "base/text.h"
#include "core/load/render.h"
#include "core/load/spec.h"
#include "sys/clock/real_clock.h"
#include "sys/load/conntrack_lookup.h"
#include "sys/load/engine.h"
#include "sys/load/resolve.h"

namespace hitless::app {
namespace {

constexpr int kRequestsFailed = 2;

struct LoadOptions {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> settings;
  std::string outputFile;
  std::string format = "table";
  std::string conntrackNetns;
  std::int64_t startAt = 0;
  bool stopOnSignal = false;
};

/// The words, then the flags over them. What has no end and no way to be stopped ends after 10 s.
Result<load::LoadSpec> specOf(const LoadOptions& options) {
  load::LoadSpec spec = TRY(load::parseLoadSpec(join(options.words, " ")));
  for (const auto& [name, value] : options.settings) {
    TRY_VOID(load::set(spec, name, value));
  }
  TRY_VOID(load::validate(spec));
  if (!spec.duration && !spec.count && !options.stopOnSignal) {
    spec.duration = seconds{10};
  }
  return spec;
}

/// An fd that becomes readable on SIGINT or SIGTERM, which then do nothing else.
Result<int> openStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    return osFail("cannot watch for signals");
  }
  return fd;
}

/// Connections need descriptors: raises the soft limit to the hard one and keeps the load below it.
void fitDescriptors(load::LoadSpec& spec) {
  constexpr rlim_t kSpare = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t usable = limit.rlim_cur > 2 * kSpare ? limit.rlim_cur - kSpare : kSpare;
  spec.maxOutstanding = std::min<std::size_t>(spec.maxOutstanding, usable);
}

Status writeFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text << '\n';
  file.close();
  if (!file) {
    return tl::unexpected<Error>(osError("cannot write the result").about(path));
  }
  return {};
}

Result<load::LoadResult> runLoad(const LoadOptions& options) {
  sys::LoadRun run;
  run.spec = TRY(specOf(options));
  fitDescriptors(run.spec);
  if (run.spec.protocol == load::Protocol::kHttp1 &&
      !load::asksNameServer(run.spec, run.spec.host)) {
    run.destination = {TRY(sys::resolveHost(run.spec.host, run.spec.names)), run.spec.port};
  }
  if (options.startAt != 0) {
    run.startAt = WallTime{nanoseconds{options.startAt}};
  }
  if (options.stopOnSignal) {
    run.stopFd = TRY(openStopSignals());
  }
  const auto lookup = sys::openConntrackLookup(options.conntrackNetns);
  const sys::RealClock clock;
  sys::RealRng rng;
  return sys::runLoad(run, clock, rng, *lookup);
}

Result<int> execute(const LoadOptions& options) {
  const load::LoadResult result = TRY(runLoad(options));
  const bool json = options.format == "json";
  const std::string text = boost::json::serialize(load::toJson(result));
  if (!options.outputFile.empty()) {
    TRY_VOID(writeFile(options.outputFile, text));
  }
  std::puts(json ? text.c_str() : load::renderTable(result).c_str());
  return result.failed == 0 ? 0 : kRequestsFailed;
}

void addSettings(CLI::App& parser, const std::shared_ptr<LoadOptions>& options) {
  for (const load::Setting& setting : load::settings()) {
    const std::string name = setting.name;
    const auto keep = [options, name](const std::vector<std::string>& values) {
      for (const std::string& value : values) {
        options->settings.emplace_back(name, value);
      }
    };
    parser.add_option_function<std::vector<std::string>>("--" + name, keep, setting.help)
        ->allow_extra_args(false);
  }
}

}  // namespace

std::function<int()> addLoad(CLI::App& parser) {
  auto options = std::make_shared<LoadOptions>();
  parser
      .add_option("load", options->words,
                  "URL and words, for example: http://127.0.0.1:8080/ rate=500 keepalive")
      ->required();
  addSettings(parser, options);
  parser.add_option("--start-at", options->startAt, "Start at this time (Unix, in ns)");
  parser.add_flag("--stop-on-signal", options->stopOnSignal,
                  "On SIGINT or SIGTERM send no more, finish, and report");
  parser.add_option("--output", options->outputFile, "Write the result as JSON to this file too");
  parser.add_option("-o", options->format, "How to print the result")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  parser.add_option(
      "--conntrack-netns", options->conntrackNetns,
      "Network namespace whose connection tracking knows the backends (a path; default: "
      "the own one)");
  return [options] {
    const Result<int> status = execute(*options);
    return status ? *status : exitStatus(tl::unexpected<Error>(status.error()));
  };
}

}  // namespace hitless::app

#include "app/rehearsal/carry_out.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "app/cluster/run_dir.h"
#include "app/rehearsal/run_json.h"
#include "app/terminal.h"
#include "sys/process/namespaces.h"

namespace hitless::app {
namespace {

/// A folder that goes when the rehearsal ends.
class WorkDir {
 public:
  static Result<WorkDir> make() {
    std::string path = std::filesystem::temp_directory_path() / "hitless-rehearsal-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return osFail("cannot make a temporary folder");
    }
    return WorkDir(std::move(path));
  }
  WorkDir(WorkDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkDir& operator=(WorkDir&&) = delete;
  ~WorkDir() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  explicit WorkDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// One profile's run in a process of its own, so that profiles run side by side.
struct Running {
  std::string profile;
  std::string output;
  sys::ChildProcess process;
};

Progress progressOf(std::string profile) {
  const auto begin = std::chrono::steady_clock::now();
  return [profile = std::move(profile), begin](const std::string& what) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    fmt::print(stderr, "  {:5.1f} s  {:<8} {}\n", elapsed.count(), profile, what);
  };
}

int runInChild(const RehearsalPlan& plan, const scenario::Profile& profile,
               const std::string& output) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const auto run = runProfile(plan, profile, progressOf(std::string(profile.name)));
  const kube::json::object document =
      run ? toJson(*run) : kube::json::object{{"error", run.error().text()}};
  return exitStatus(writePrivateFile(output, kube::json::serialize(document)));
}

Result<Running> startProfile(const RehearsalPlan& plan, const std::string& name,
                             const WorkDir& work) {
  const scenario::Profile profile = TRY(scenario::findProfile(name));
  const std::string output = work.file(name + ".json");
  std::fflush(nullptr);
  const auto child = sys::cloneChild({}, [&] { return runInChild(plan, profile, output); });
  if (!child) {
    return tl::unexpected<Error>(child.error());
  }
  return Running{name, output, *child};
}

Result<report::ProfileRun> finish(const Running& running) {
  int status = 0;
  ::waitpid(running.process.pid, &status, 0);
  ::close(running.process.pidfd);
  const auto text = readFile(running.output);
  if (!text) {
    return fail(ErrorKind::kInternal, fmt::format("profile {} ended without a result (status {})",
                                                  running.profile, status));
  }
  const kube::json::value value = TRY(kube::parseJson(*text));
  const kube::json::object* object = value.if_object();
  if (object == nullptr) {
    return fail(ErrorKind::kInternal,
                fmt::format("profile {} wrote no JSON object", running.profile));
  }
  if (const std::string_view error = kube::text(*object, {"error"}); !error.empty()) {
    return fail(ErrorKind::kInternal, fmt::format("profile {}: {}", running.profile, error));
  }
  return profileRunOf(*object);
}

}  // namespace

Result<report::Rehearsal> carryOut(const RehearsalPlan& plan) {
  const WorkDir work = TRY(WorkDir::make());
  std::vector<Running> running;
  for (const std::string& name : plan.scenario.profiles) {
    running.push_back(TRY(startProfile(plan, name, work)));
  }
  report::Rehearsal rehearsal;
  rehearsal.scenario = plan.scenario.name;
  rehearsal.action = plan.scenario.action;
  rehearsal.nodes = plan.scenario.nodes;
  rehearsal.expectProfile = plan.scenario.expectProfile;
  rehearsal.expectFailed = static_cast<std::uint64_t>(plan.scenario.expectFailed);
  std::optional<Error> failure;
  for (const Running& one : running) {
    auto run = finish(one);
    if (run) {
      rehearsal.profiles.push_back(std::move(*run));
    } else if (!failure) {
      failure = run.error();
    }
  }
  if (failure) {
    return tl::unexpected<Error>(*failure);
  }
  return rehearsal;
}

}  // namespace hitless::app

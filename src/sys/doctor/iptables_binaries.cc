#include "sys/doctor/iptables_binaries.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "sys/doctor/private_command.h"

namespace hitless::sys {
namespace {

using doctor::IptablesBinaries;
using doctor::IptablesBinary;
using doctor::IptablesTruth;

constexpr nanoseconds kCommandTimeout = std::chrono::milliseconds(500);
/// For all of it, on a node with two binaries on an idle CPU about a tenth.
constexpr nanoseconds kBudget = std::chrono::milliseconds(800);

void writeTo(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    [[maybe_unused]] const auto size = ::write(fd, text.data(), text.size());
    ::close(fd);
  }
}

/// Of the calling process, which is a child of ours with one thread.
bool enterEmptyNetwork(bool first) {
  const bool root = ::geteuid() == 0;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (!first || root) {
    return ::unshare(CLONE_NEWNET) == 0;
  }
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return false;
  }
  writeTo("/proc/self/setgroups", "deny");
  writeTo("/proc/self/uid_map", fmt::format("0 {} 1", uid));
  writeTo("/proc/self/gid_map", fmt::format("0 {} 1", gid));
  return true;
}

class TruthTest {
 public:
  TruthTest(const std::vector<IptablesPlace>& places, nanoseconds budget)
      : places_(places), until_(std::chrono::steady_clock::now() + budget) {}

  IptablesBinaries run() {
    for (const IptablesPlace& place : places_) {
      result_.binaries.push_back(look(place));
    }
    for (std::size_t writer = 0; writer < places_.size(); ++writer) {
      if (!known(writer) || isOver() || !enterEmptyNetwork(false)) {
        continue;
      }
      ask(writer);
    }
    return std::move(result_);
  }

 private:
  bool isOver() const { return std::chrono::steady_clock::now() > until_; }
  bool known(std::size_t index) const { return !result_.binaries[index].version.empty(); }

  /// "iptables v1.8.9 (nf_tables)"; before 1.8.0 there was no back-end to name.
  static IptablesBinary look(const IptablesPlace& place) {
    IptablesBinary binary{place.path, place.user, "", ""};
    const CommandResult said = runPrivately(place.root, {place.path, "--version"}, kCommandTimeout);
    const auto words = split(trim(said.output), ' ');
    if (said.exitCode == 0 && words.size() >= 2 && words[1].starts_with('v')) {
      binary.version = std::string(words[1].substr(1));
      binary.backend = words.size() > 2 && words[2] == "(nf_tables)" ? "nf_tables" : "legacy";
    }
    return binary;
  }

  CommandResult call(std::size_t index, std::string_view what, std::string_view rule) const {
    std::vector<std::string> argv{places_[index].path, std::string(what), "INPUT"};
    for (const std::string_view word : split(rule, ' ')) {
      argv.emplace_back(word);
    }
    return runPrivately(places_[index].root, argv, kCommandTimeout);
  }

  /// The rules that iptables-save of this binary prints, without comments and counters.
  std::optional<std::string> saved(std::size_t index) const {
    const CommandResult said = runPrivately(
        places_[index].root, {places_[index].path + "-save", "-t", "filter"}, kCommandTimeout);
    std::string rules;
    for (const std::string_view line : split(said.output, '\n')) {
      rules += line.starts_with("-A ") ? std::string(line) + "\n" : "";
    }
    return said.exitCode == 0 ? std::optional(rules) : std::nullopt;
  }

  /// -C: 0 it is there, 1 it is not; all else is no answer.
  char answer(std::size_t index, std::string_view rule) const {
    const auto code = call(index, "-C", rule).exitCode;
    return code == 0 ? '1' : code == 1 ? '0' : '?';
  }

  void ask(std::size_t writer) {
    std::vector<bool> written;
    for (const std::string_view rule : doctor::canaryRules()) {
      written.push_back(call(writer, "-A", rule).exitCode == 0);
    }
    const auto own = saved(writer);
    for (std::size_t checker = 0; checker < places_.size() && !isOver(); ++checker) {
      if (known(checker) && result_.binaries[checker].backend == result_.binaries[writer].backend) {
        result_.truths.push_back(truthOf(writer, checker, written, own));
      }
    }
  }

  IptablesTruth truthOf(std::size_t writer, std::size_t checker, const std::vector<bool>& written,
                        const std::optional<std::string>& own) const {
    IptablesTruth truth{writer, checker, "", "", true};
    for (std::size_t i = 0; i < written.size(); ++i) {
      truth.found += written[i] ? answer(checker, doctor::canaryRules()[i]) : '?';
    }
    for (const std::string_view rule : doctor::phantomRules()) {
      truth.phantoms += answer(checker, rule);
    }
    if (checker != writer) {
      const auto other = saved(checker);
      truth.savesAlike = !own || !other || *own == *other;
    }
    return truth;
  }

  const std::vector<IptablesPlace>& places_;
  std::chrono::steady_clock::time_point until_;
  IptablesBinaries result_;
};

[[noreturn]] void runInChild(const std::vector<IptablesPlace>& places, nanoseconds budget,
                             int output) {
  if (!enterEmptyNetwork(true)) {
    ::_exit(1);
  }
  const std::string json = doctor::renderIptablesBinaries(TruthTest(places, budget).run());
  [[maybe_unused]] const auto size = ::write(output, json.data(), json.size());
  ::_exit(0);
}

}  // namespace

Result<IptablesBinaries> testIptables(const std::vector<IptablesPlace>& places,
                                      nanoseconds budget) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  const pid_t child = ::fork();
  if (child == 0) {
    runInChild(places, budget, pipe[1]);
  }
  ::close(pipe[1]);
  std::string json;
  char buffer[4096];
  for (ssize_t size = 0; child > 0 && (size = ::read(pipe[0], buffer, sizeof buffer)) > 0;) {
    json.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(pipe[0]);
  int status = 0;
  if (child > 0) {
    ::waitpid(child, &status, 0);
  }
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorKind::kPermission, "cannot make a network namespace for the truth test",
                "run as root");
  }
  return doctor::parseIptablesBinaries(json);
}

Result<std::string> iptablesBinaries() {
  const std::vector<IptablesPlace> places = findIptables();
  if (places.empty()) {
    return fail(ErrorKind::kNotFound, "there is no iptables");
  }
  return doctor::renderIptablesBinaries(TRY(testIptables(places, kBudget)));
}

}  // namespace hitless::sys

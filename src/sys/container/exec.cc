#include "sys/container/exec.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <utility>

#include "core/node/capabilities.h"
#include "sys/container/capabilities.h"
#include "sys/container/pipe.h"

namespace hitless::sys {
namespace {

using boost::asio::posix::stream_descriptor;
using Done = std::function<void(Result<ExecResult>)>;

constexpr std::size_t kMostOutput = 10 * 1024;

enum Step { kEnter = 1, kOutput, kWorkingDir, kExecute };

[[noreturn]] void die(int reportFd, int step, int error) {
  const ChildFailure failure{step, error};
  [[maybe_unused]] const auto written = ::write(reportFd, &failure, sizeof failure);
  ::_exit(126);
}

/// What the command needs between clone() and exec().
struct Inside {
  int containerPidfd;
  const ChildProgram& program;
  const std::string& workingDir;
  int reportFd;
  int inputFd;
  int outputFd;
  std::uint64_t capabilities;
};

/// The command itself, in all namespaces of the container: system calls only.
[[noreturn]] void becomeCommand(const Inside& inside) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!redirectOutput(inside.inputFd, inside.outputFd, inside.outputFd)) {
    die(inside.reportFd, kOutput, errno);
  }
  if (!inside.workingDir.empty() && ::chdir(inside.workingDir.c_str()) != 0) {
    die(inside.reportFd, kWorkingDir, errno);
  }
  ::setsid();
  boundCapabilities(inside.capabilities);
  limitCapabilities(inside.capabilities);
  resetChild();
  die(inside.reportFd, kExecute, inside.program.execute());
}

/// The child: joins the container and makes the command there, because only the children of a
/// process follow it into a pid namespace; then it passes the command's exit on. System calls only.
[[noreturn]] void relay(const Inside& inside) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr int kAll = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (::setns(inside.containerPidfd, kAll) != 0) {
    die(inside.reportFd, kEnter, errno);
  }
  clone_args args{};
  args.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) {
    die(inside.reportFd, kEnter, errno);
  }
  if (pid == 0) {
    becomeCommand(inside);
  }
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  int status = 0;
  while (::waitpid(static_cast<pid_t>(pid), &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

class Running : public Execution, public std::enable_shared_from_this<Running> {
 public:
  Running(boost::asio::io_context& io, std::shared_ptr<Child> child, Fd output, Done done)
      : child_(std::move(child)),
        output_(io, output.release()),
        timer_(io),
        done_(std::move(done)) {}

  void start(boost::asio::io_context& io, Fd report, std::optional<nanoseconds> timeout) {
    read();
    if (timeout) {
      timer_.expires_after(
          std::chrono::duration_cast<std::chrono::steady_clock::duration>(*timeout));
      timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) {
          self->result_.timedOut = true;
          (void)self->child_->signal(SIGKILL);
        }
      });
    }
    awaitReport(io, std::move(report), [self = shared_from_this()](auto failure) {
      self->failure_ = failure;
      self->reported_ = true;
      self->finishIfDone();
    });
    child_->onExit([self = shared_from_this()](ChildExit exit) {
      self->result_.exit = exit;
      self->exited_ = true;
      self->finishIfDone();
    });
  }

  void cancel() override {
    done_ = nullptr;
    timer_.cancel();
    (void)child_->signal(SIGKILL);
  }

 private:
  void read() {
    output_.async_read_some(
        boost::asio::buffer(buffer_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
          if (!error) {
            self->keep(size);
            self->read();
          }
        });
  }
  void keep(std::size_t size) {
    const std::size_t room = kMostOutput - result_.output.size();
    result_.output.append(buffer_.data(), std::min(size, room));
  }
  /// What the command has written before its exit; processes that it left behind do not count.
  void drain() {
    boost::system::error_code error;
    output_.non_blocking(true, error);
    while (!error) {
      const std::size_t size = output_.read_some(boost::asio::buffer(buffer_), error);
      keep(error ? 0 : size);
      if (result_.output.size() >= kMostOutput) {
        break;
      }
    }
    output_.close();
  }
  void finishIfDone() {
    if (!exited_ || !reported_) {
      return;
    }
    timer_.cancel();
    drain();
    const Done done = std::exchange(done_, nullptr);
    if (!done) {
      return;
    }
    if (failure_) {
      done(osFail(
          failure_->step == kExecute ? "cannot execute the command" : "cannot enter the container",
          failure_->error));
      return;
    }
    done(std::move(result_));
  }

  std::shared_ptr<Child> child_;
  stream_descriptor output_;
  boost::asio::steady_timer timer_;
  Done done_;
  std::array<char, 4096> buffer_{};
  ExecResult result_;
  std::optional<ChildFailure> failure_;
  bool reported_ = false;
  bool exited_ = false;
};

Result<std::shared_ptr<Execution>> launch(boost::asio::io_context& io, int containerPidfd,
                                          const ExecConfig& config, const Done& done) {
  const ChildProgram program = TRY(ChildProgram::prepare(config.argv, config.environment, {}));
  Pipe report = TRY(Pipe::create());
  Pipe output = TRY(Pipe::create());
  const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::shared_ptr<Child> child = TRY(Child::clone(io, 0));
  if (!child) {
    relay({containerPidfd, program, config.workingDir, report.writeEnd.get(), input.get(),
           output.writeEnd.get(), node::defaultCapabilities()});
  }
  auto running = std::make_shared<Running>(io, std::move(child), std::move(output.readEnd), done);
  running->start(io, std::move(report.readEnd), config.timeout);
  return std::static_pointer_cast<Execution>(running);
}

class Failed : public Execution {
 public:
  void cancel() override { cancelled = true; }
  bool cancelled = false;
};

}  // namespace

std::shared_ptr<Execution> execIn(boost::asio::io_context& io, int containerPidfd,
                                  const ExecConfig& config, Done done) {
  auto running = launch(io, containerPidfd, config, done);
  if (running) {
    return *running;
  }
  auto failed = std::make_shared<Failed>();
  boost::asio::post(io, [failed, done = std::move(done), error = std::move(running).error()] {
    if (!failed->cancelled) {
      done(tl::unexpected<Error>(error));
    }
  });
  return failed;
}

}  // namespace hitless::sys

#include "sys/container/container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <boost/asio/post.hpp>
#include <cstring>

#include "sys/container/child_setup.h"
#include "sys/container/pipe.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

using Done = std::function<void(Result<std::shared_ptr<Child>>)>;

struct Started {
  std::shared_ptr<Child> child;
  Fd report;
};

Result<Started> launch(boost::asio::io_context& io, const ContainerConfig& config, int outputFd,
                       int errorFd) {
  TRY_VOID(makeDirectories(config.workDir + "/root", 0755));
  TRY_VOID(makeDirectories(config.workDir + "/scratch", 0755));
  ChildSetup setup = TRY(ChildSetup::prepare(config));
  Pipe report = TRY(Pipe::create());
  const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input.valid()) {
    return osFail("cannot open /dev/null");
  }
  std::shared_ptr<Child> child = TRY(Child::clone(io, CLONE_NEWPID | CLONE_NEWNS));
  if (!child) {
    setup.run(report.writeEnd.get(), input.get(), outputFd, errorFd);
  }
  return Started{std::move(child), std::move(report.readEnd)};
}

Error describe(const ChildFailure& failure, const ContainerConfig& config) {
  Error error = osError(ChildSetup::stepText(failure.step), failure.error);
  if (failure.error == ENOENT && !config.argv.empty()) {
    error.hint = fmt::format("is \"{}\" installed on this machine?", config.argv.front());
  }
  return error;
}

}  // namespace

void startContainer(boost::asio::io_context& io, const ContainerConfig& config, int outputFd,
                    int errorFd, Done done) {
  Result<Started> started = launch(io, config, outputFd, errorFd);
  if (!started) {
    boost::asio::post(io, [done = std::move(done), error = std::move(started).error()]() mutable {
      done(tl::unexpected<Error>(std::move(error)));
    });
    return;
  }
  awaitReport(io, std::move(started->report),
              [child = started->child, config,
               done = std::move(done)](std::optional<ChildFailure> failure) {
                if (!failure) {
                  done(child);
                  return;
                }
                // It has ended; only its remains are left to collect.
                child->onExit([](ChildExit) {});
                done(tl::unexpected<Error>(describe(*failure, config)));
              });
}

}  // namespace hitless::sys

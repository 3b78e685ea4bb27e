#include "app/cni/command.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <optional>

#include "app/agent/pod_door_client.h"
#include "core/cni/answer.h"
#include "sys/clock/real_clock.h"

namespace hitless::app {
namespace {

using cni::CniError;
using cni::Code;
using cni::Operation;
using cni::Request;

/// More than any network configuration.
constexpr std::size_t kMaxConfig = 1 << 20;
/// How long an agent is looked for to whom it does not matter much.
constexpr nanoseconds kBrief = seconds(1);

cni::Environment environment() {
  cni::Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.starts_with("CNI_") && equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

std::string standardInput() {
  std::string out;
  char buffer[4096];
  ssize_t size = 0;
  while (out.size() <= kMaxConfig && (size = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    out.append(buffer, static_cast<std::size_t>(size));
  }
  return out;
}

PodRequest podOf(const Request& request) {
  return {{request.podNamespace, request.podName, request.podUid, request.addresses},
          request.containerId,
          request.network};
}

/// Asks the agent and waits.
template <class Ask>
Status ask(const Request& request, Ask ask) {
  boost::asio::io_context io;
  sys::RealClock clock;
  PodDoorClient door(io, clock, request.socket);
  std::optional<Status> answer;
  ask(door, [&](Status status) { answer = std::move(status); });
  io.run();
  return *answer;
}

tl::unexpected<CniError> refuse(Code code, const Error& error) {
  const std::string message =
      error.subject.empty() ? error.message : error.subject + ": " + error.message;
  return tl::unexpected<CniError>({code, message, error.hint});
}

cni::CniResult<std::string> add(const Request& request) {
  const Status done = ask(request, [&](PodDoorClient& door, auto answered) {
    door.add(podOf(request), request.timeout, answered);
  });
  if (!done) {
    const bool wrong = done.error().kind == ErrorKind::kInvalid;
    return refuse(wrong ? Code::kInvalidConfig : Code::kTryAgainLater, done.error());
  }
  return cni::resultOf(*request.previous, request.version);
}

/// Runtimes repeat what fails until it does not, and keep the pod's name until then. A claim that
/// nobody has taken back holds nobody up, and ends when its address is claimed again, or with GC.
cni::CniResult<std::string> del(const Request& request) {
  if (!request.podName.empty()) {
    (void)ask(request, [&](PodDoorClient& door, auto answered) {
      door.del(podOf(request), std::min(request.timeout, kBrief), answered);
    });
  }
  return std::string();
}

cni::CniResult<std::string> check(const Request& request) {
  const Status holds = ask(request, [&](PodDoorClient& door, auto answered) {
    door.check(podOf(request), request.timeout, answered);
  });
  return holds ? cni::CniResult<std::string>("") : refuse(Code::kTryAgainLater, holds.error());
}

cni::CniResult<std::string> status(const Request& request) {
  const Status there = ask(request, [&](PodDoorClient& door, auto answered) {
    door.health(std::min(request.timeout, kBrief), answered);
  });
  return there ? cni::CniResult<std::string>("") : refuse(Code::kNotAvailable, there.error());
}

/// For deletions that found no agent.
cni::CniResult<std::string> collect(const Request& request) {
  const Status done = ask(request, [&](PodDoorClient& door, auto answered) {
    door.collect({request.network, request.validContainers}, request.timeout, answered);
  });
  return done ? cni::CniResult<std::string>("") : refuse(Code::kTryAgainLater, done.error());
}

cni::CniResult<std::string> answerTo(const Request& request) {
  switch (request.operation) {
    case Operation::kAdd:
      return add(request);
    case Operation::kDel:
      return del(request);
    case Operation::kCheck:
      return check(request);
    case Operation::kStatus:
      return status(request);
    case Operation::kVersion:
      return cni::versionsOf(request.version);
    case Operation::kGc:
      return collect(request);
  }
  return std::string();
}

}  // namespace

int runCni() {
  const cni::Environment variables = environment();
  // Without a command nobody has anything to say to us, not even a terminal.
  const std::string config = variables.contains("CNI_COMMAND") ? standardInput() : std::string();
  const auto request = cni::requestOf(variables, config);
  const auto answer = request
                          ? answerTo(*request)
                          : cni::CniResult<std::string>(tl::unexpected<CniError>(request.error()));
  const std::string text = answer ? *answer : cni::errorOf(answer.error(), cni::versionOf(config));
  if (!text.empty()) {
    std::printf("%s\n", text.c_str());
  }
  return answer ? 0 : 1;
}

std::function<int()> addCni(CLI::App& parser) {
  parser.footer("Variables and standard input say what to do: docs/network-policy.md.");
  return runCni;
}

}  // namespace hitless::app

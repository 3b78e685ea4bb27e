#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "app/node/pod_runner.h"
#include "app/node/source_fetcher.h"
#include "core/node/etc_files.h"
#include "sys/container/container.h"
#include "sys/container/log_file.h"

// PodRunner's way from a command to a running process.
namespace hitless::app {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the image turned out to be, as imageID and in the Event.
std::string imageIdOf(const node::Launch& launch) {
  if (!launch.root.empty()) {
    return "hitless://directory" + launch.root;
  }
  return launch.program.empty() ? "hitless://host" : "hitless://program" + launch.program;
}

}  // namespace

void PodRunner::withSources(std::function<void(PodRunner&, Result<node::Sources>)> use) {
  fetchSources(context_, spec().ns, node::sourcesOf(spec()),
               [weak = weak_from_this(), use = std::move(use)](Result<node::Sources> sources) {
                 if (const auto self = weak.lock()) {
                   use(*self, std::move(sources));
                 }
               });
}

void PodRunner::carryOut(const node::MakeSandbox&) {
  withSources([](PodRunner& self, Result<node::Sources> sources) {
    if (!sources) {
      self.run(self.machine_.sandboxFailed("FailedMount", sources.error().text()));
      return;
    }
    self.sandbox_ = std::make_unique<PodSandbox>(self.context_, self.network_);
    self.sources_ = std::move(*sources);
    self.sandbox_->make(self.spec(), *self.sources_,
                        [weak = self.weak_from_this()](const auto& made) {
                          if (const auto runner = weak.lock()) {
                            runner->sandboxMade(made);
                          }
                        });
  });
}

void PodRunner::sandboxMade(const tl::expected<void, SandboxError>& made) {
  if (!made) {
    sandbox_.reset();
    sources_.reset();
    run(machine_.sandboxFailed(made.error().reason, made.error().message));
    return;
  }
  for (const node::Emit& warning : sandbox_->warnings()) {
    carryOut(warning);
  }
  run(machine_.sandboxReady(sandbox_->podIP()));
}

void PodRunner::carryOut(const node::StartContainer& start) {
  // A restart sees ConfigMaps and Secrets as they are by then.
  const auto& all = machine_.state().containers;
  const bool first = std::none_of(all.begin(), all.end(), [&start](const node::Container& c) {
    return c.spec->name == start.container && (c.everStarted || !c.waitingReason.empty());
  });
  if (first && sources_) {
    launch(start, *sources_);
    return;
  }
  withSources([start](PodRunner& self, const Result<node::Sources>& sources) {
    if (sources) {
      self.launch(start, *sources);
    } else {
      self.startFailed(start.container, node::StartError::kConfig, sources.error().text());
    }
  });
}

node::Environment PodRunner::baseEnvironment() const {
  return {{"PATH", kPath},
          {"HOSTNAME", spec().hostNetwork ? context_.facts.name : node::hostnameOf(spec())},
          {"HOME", "/root"}};
}

Result<sys::ContainerConfig> PodRunner::configOf(const node::ContainerSpec& container,
                                                 const node::Launch& launch,
                                                 const node::Environment& environment) const {
  sys::ContainerConfig out;
  out.name = container.name;
  out.sandbox = &sandbox_->namespaces();
  out.argv = launch.argv;
  out.environment = environment;
  out.workingDir = container.workingDir;
  out.rootDirectory = launch.root;
  out.program = launch.program;
  out.mounts = TRY(sandbox_->mountsOf(spec(), container, environment));
  out.hidden = {context_.directory};
  out.workDir = context_.directory + "/work";
  out.readOnlyRoot = container.readOnlyRoot;
  out.privileged = container.privileged;
  out.capabilities = container.capabilities;
  out.uid = container.runAsUser;
  out.gid = container.runAsGroup;
  return out;
}

void PodRunner::startFailed(const std::string& container, node::StartError error,
                            const std::string& why) {
  boost::asio::post(context_.io, [weak = weak_from_this(), container, error, why] {
    if (const auto self = weak.lock()) {
      self->run(self->machine_.startFailed(container, error, why));
    }
  });
}

void PodRunner::launch(const node::StartContainer& start, const node::Sources& sources) {
  const node::ContainerSpec* container = containerSpec(start.container);
  if (container == nullptr || !sandbox_) {
    return startFailed(start.container, node::StartError::kRun, "the pod has no sandbox");
  }
  const node::PodFacts facts{machine_.state().podIP, context_.facts.address, context_.facts.cpus,
                             context_.facts.memoryBytes};
  auto environment = node::environmentOf(spec(), *container, facts, sources, baseEnvironment());
  if (!environment) {
    return startFailed(start.container, node::StartError::kConfig, environment.error().text());
  }
  const auto launch = node::resolveImage(*container, *environment, context_.images);
  if (!launch) {
    return startFailed(start.container, node::StartError::kImage, launch.error().text());
  }
  const auto config = configOf(*container, *launch, *environment);
  if (!config) {
    return startFailed(start.container, node::StartError::kConfig, config.error().text());
  }
  const std::string path = fmt::format("{}/logs/{}_{}_{}/{}/{}.log", context_.directory, spec().ns,
                                       spec().name, spec().uid, start.container, start.attempt);
  const auto log = sys::LogFile::open(context_.io, context_.clock, path);
  if (!log) {
    return startFailed(start.container, node::StartError::kRun, log.error().text());
  }
  sys::startContainer(
      context_.io, *config, log->outputFd(), log->errorFd(),
      [weak = weak_from_this(), name = start.container, launch = *launch,
       environment = std::move(*environment)](Result<std::shared_ptr<sys::Child>> child) mutable {
        if (const auto self = weak.lock()) {
          self->startedOrFailed(name, launch, std::move(environment), std::move(child));
        }
      });
}

void PodRunner::startedOrFailed(const std::string& container, const node::Launch& launch,
                                node::Environment environment,
                                Result<std::shared_ptr<sys::Child>> child) {
  if (!child) {
    run(machine_.startFailed(container, node::StartError::kRun, child.error().text()));
    return;
  }
  attempts_[container] = {*child, std::move(environment)};
  (*child)->onExit([self = shared_from_this(), container](sys::ChildExit exit) {
    self->attempts_.erase(container);
    self->run(self->machine_.exited(container, {exit.code, exit.signal}));
  });
  run(machine_.started(container, imageIdOf(launch)));
}

}  // namespace hitless::app

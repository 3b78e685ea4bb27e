#include "app/node.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <memory>

#include "app/node/agent_supervisor.h"
#include "app/node/kubelet.h"
#include "app/node/registration.h"
#include "base/text.h"
#include "sys/clock/real_clock.h"
#include "sys/container/machine.h"
#include "sys/files/files.h"
#include "sys/process/process.h"
#include "sys/timeline/file_sink.h"

namespace hitless::app {
namespace {

struct NodeOptions {
  std::string name;
  std::string address;
  std::string podCidr;
  std::string kubeconfig;
  std::string directory;
  std::string timeline;
  std::string profile;
  std::vector<std::string> clusterDns;
  std::vector<std::string> agentArguments;
};

constexpr const char* kProgramPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games";

bool isDirectory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool isProgram(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

/// Programs beside this one come first: the test application is found in a build directory.
node::ImageLookup imageLookup() {
  const std::string own = sys::ownPath();
  std::vector<std::string> places{own.substr(0, own.rfind('/'))};
  for (const std::string_view place : split(kProgramPath, ':')) {
    places.emplace_back(place);
  }
  return {[places](std::string_view name) -> std::optional<std::string> {
            for (const std::string& place : places) {
              std::string path = place + "/" + std::string(name);
              if (isProgram(path)) {
                return path;
              }
            }
            return std::nullopt;
          },
          isDirectory};
}

node::NodeFacts factsOf(const NodeOptions& options) {
  const sys::MachineFacts machine = sys::machineFacts();
  node::NodeFacts out;
  out.name = options.name;
  out.address = options.address;
  out.podCidr = options.podCidr;
  out.profile = options.profile;
  out.cpus = machine.cpus;
  out.memoryBytes = machine.memoryBytes;
  out.kernelVersion = machine.kernelVersion;
  out.osImage = machine.osImage;
  out.machineId = machine.machineId;
  out.bootId = machine.bootId;
  out.architecture = node::goArchitecture(machine.architecture);
  return out;
}

Status runNode(const NodeOptions& options) {
  boost::asio::io_context io(1);
  sys::RealClock clock;
  sys::RealRng rng;
  const Cidr podCidr = TRY(Cidr::parse(options.podCidr));
  sys::KubeConfig config = TRY(sys::loadKubeconfig(options.kubeconfig));
  const std::string token = config.token;
  const auto api = TRY(sys::KubeClient::create(io, clock, std::move(config)));
  sys::TimelineFile timeline = TRY(sys::TimelineFile::open(options.timeline));
  TRY_VOID(sys::makeDirectories(options.directory, 0755));
  const std::string socket = fmt::format("{}/agents/{}.sock", options.directory, options.name);
  PodDoorClient door(io, clock, socket);
  std::vector<std::string> agentArguments = options.agentArguments;
  agentArguments.push_back("--pod-socket=" + socket);
  NodeContext context{io,
                      clock,
                      *api,
                      timeline,
                      factsOf(options),
                      imageLookup(),
                      options.directory,
                      options.clusterDns,
                      token,
                      door};
  Kubelet kubelet(context, TRY(PodNetwork::create(podCidr)));
  Registration registration(context);
  AgentSupervisor agent(context, agentArguments);
  agent.start();
  registration.start();
  kubelet.start(rng);
  // Everything that was started dies with this process.
  boost::asio::signal_set stop(io, SIGTERM, SIGINT);
  stop.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  io.run();
  return {};
}

}  // namespace

std::function<int()> addNode(CLI::App& parser) {
  auto options = std::make_shared<NodeOptions>();
  parser.add_option("--name", options->name, "The node's name")->required();
  parser.add_option("--node-ip", options->address, "Its address on the cluster's wire")->required();
  parser.add_option("--pod-cidr", options->podCidr, "The network of its pods")->required();
  parser.add_option("--kubeconfig", options->kubeconfig, "How to reach the API server")->required();
  parser.add_option("--dir", options->directory, "Directory for logs and pods")->required();
  parser.add_option("--timeline", options->timeline, "File to append timeline events to");
  parser.add_option("--profile", options->profile, "Shown as the node's label hitless.io/profile");
  parser.add_option("--cluster-dns", options->clusterDns, "The cluster's DNS servers for pods")
      ->delimiter(',');
  parser.add_option("--agent-arg", options->agentArguments, "An argument of the agent; repeatable")
      ->allow_extra_args(false);
  return [options] {
    std::signal(SIGPIPE, SIG_IGN);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        options->name, std::make_shared<spdlog::sinks::stderr_sink_st>()));
    spdlog::flush_on(spdlog::level::info);
    const Status status = runNode(*options);
    if (!status) {
      std::fprintf(stderr, "hitless node %s: %s\n", options->name.c_str(),
                   status.error().text().c_str());
    }
    return status ? 0 : 1;
  };
}

}  // namespace hitless::app

#include "app/cluster/init.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "app/cluster/controller_loop.h"
#include "app/cluster/mounts.h"
#include "app/cluster/supervisor.h"
#include "core/kube/objects.h"
#include "sys/api/api_server.h"
#include "sys/clock/real_clock.h"
#include "sys/http/server.h"
#include "sys/process/process.h"
#include "sys/timeline/file_sink.h"

namespace hitless::app {
namespace {

constexpr const char* kHostName = "control-plane";
constexpr const char* kTimeline = "timeline.jsonl";

std::string randomToken(Rng& rng) {
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", rng.next(), rng.next(), rng.next(),
                     rng.next());
}

/// Process 1 of a cluster: everything that its namespaces need, built in order and owned here.
class Init {
 public:
  explicit Init(const InitOptions& options)
      : options_(options),
        stateDir_(options.runDir + "/state"),
        addresses_(Addresses::standard()) {}

  Status start();
  void run() { io_.run(); }

 private:
  Status startApi();
  void startControllers();
  Status startNodes(Fabric fabric);
  std::vector<std::string> nodeArgv(int index) const;
  void watchReadiness();
  bool nodesReady();
  void reportReady();
  void stopOnSignal();

  const InitOptions& options_;
  const std::string stateDir_;
  const Addresses addresses_;
  sys::RealClock clock_;
  sys::RealRng rng_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::signal_set> signals_;
  std::optional<sys::TimelineFile> timeline_;
  std::unique_ptr<sys::ApiServer> api_;
  std::optional<ControllerLoop> controllers_;
  std::optional<NodeSupervisor> nodes_;
  std::optional<control::Store::Subscription> readiness_;
  bool reported_ = false;
};

Status Init::start() {
  TRY_VOID(mountClusterView(stateDir_));
  ::sethostname(kHostName, std::char_traits<char>::length(kHostName));
  timeline_.emplace(TRY(sys::TimelineFile::open(stateDir_ + "/" + kTimeline)));
  stopOnSignal();
  Fabric fabric = TRY(Fabric::create(addresses_));
  TRY_VOID(startApi());
  startControllers();
  watchReadiness();
  return startNodes(std::move(fabric));
}

Status Init::startApi() {
  const std::uint16_t hostPort = TRY(sys::boundPort(options_.apiFd));
  const std::string inside = addresses_.controlPlane().text();
  sys::ApiServerOptions api;
  api.listeningFds = {options_.apiFd, TRY(sys::listenTcp(inside, kApiPort))};
  api.ips = {inside};
  api.token = randomToken(rng_);
  api.dir = stateDir_;
  api.gate = options_.launch.profile.gate;
  api.serviceCidr = addresses_.services;
  api.podAddress = addresses_.controlPlane();
  api.podPort = kApiPort;
  api.dnsAddress = addresses_.dns();
  api_ = TRY(sys::ApiServer::start(io_, clock_, rng_, *timeline_, std::move(api)));
  TRY_VOID(api_->writeKubeconfig(options_.runDir + "/kubeconfig",
                                 fmt::format("https://127.0.0.1:{}", hostPort)));
  return api_->writeKubeconfig(stateDir_ + "/" + kNodeKubeconfig,
                               fmt::format("https://{}:{}", inside, kApiPort));
}

void Init::startControllers() {
  control::ManagerOptions options;
  options.rootCa = api_->caPem();
  options.endpointLag.delay = options_.launch.profile.endpointSliceLag;
  controllers_.emplace(io_, api_->store(), api_->actions(), *timeline_, clock_, rng_,
                       std::move(options));
  controllers_->start();
}

std::vector<std::string> Init::nodeArgv(int index) const {
  const std::string name = nodeName(index);
  const std::string kubeconfig = stateDir_ + "/" + kNodeKubeconfig;
  const std::string timeline = stateDir_ + "/" + kTimeline;
  const auto minSync =
      std::chrono::duration_cast<milliseconds>(options_.launch.profile.proxyMinSyncPeriod);
  const auto forAgent = [](std::string_view flag, const std::string& value) {
    return fmt::format("--agent-arg={}={}", flag, value);
  };
  std::vector<std::string> argv{
      sys::ownPath(),
      "node",
      "--name",
      name,
      "--node-ip",
      addresses_.node(index).text(),
      "--pod-cidr",
      addresses_.podsOf(index).text(),
      "--kubeconfig",
      kubeconfig,
      "--dir",
      stateDir_,
      "--cluster-dns",
      addresses_.dns().text(),
      "--timeline",
      timeline,
      forAgent("--node-name", name),
      forAgent("--kubeconfig", kubeconfig),
      forAgent("--timeline", timeline),
      forAgent("--dns-listen", addresses_.node(index).text()),
      forAgent("--dns-upstream", "none"),  // No packet leaves the cluster's namespaces.
      forAgent("--min-sync-period", fmt::format("{}ms", minSync.count()))};
  if (!options_.launch.profile.departed) {
    argv.push_back("--agent-arg=--no-departed");
  }
  if (const seconds repeat = options_.launch.profile.dnsRepeat; repeat > seconds{0}) {
    const std::string text = fmt::format("{}", repeat.count());
    for (const auto* flag :
         {"--dns-repeat", "--dns-ttl", "--dns-changing-ttl", "--dns-negative-ttl"}) {
      argv.push_back(forAgent(flag, text));
    }
    // CoreDNS answers at once, and a Service's rules go with it.
    argv.push_back(forAgent("--dns-park", "0s"));
    argv.push_back(forAgent("--dns-linger", "0s"));
    argv.push_back("--agent-arg=--no-dns-answer-terminating");
    argv.push_back("--agent-arg=--no-dns-search");
  }
  return argv;
}

Status Init::startNodes(Fabric fabric) {
  std::error_code ignored;
  std::filesystem::create_directories(stateDir_ + "/logs", ignored);
  nodes_.emplace(
      io_, std::move(fabric), [this](int index) { return nodeArgv(index); }, options_.runDir);
  return nodes_->start(options_.launch.nodes);
}

bool Init::nodesReady() {
  int ready = 0;
  for (const kube::ObjectPtr& object : api_->store().list(kube::res::kNodes, "")) {
    ready += kube::nodeOf(*object).ready() ? 1 : 0;
  }
  return ready >= options_.launch.nodes;
}

void Init::watchReadiness() {
  readiness_ = api_->store().subscribe([this](const control::StoreEvent& event) {
    if (!reported_ && event.resource == &kube::res::kNodes && nodesReady()) {
      reportReady();
    }
  });
}

void Init::reportReady() {
  reported_ = true;
  constexpr std::string_view kReady = "{\"ready\":true}\n";
  [[maybe_unused]] const auto written = ::write(options_.readyFd, kReady.data(), kReady.size());
  ::close(options_.readyFd);
}

void Init::stopOnSignal() {
  signals_.emplace(io_, SIGTERM, SIGINT);
  signals_->async_wait([this](const boost::system::error_code& error, int) {
    if (!error) {
      spdlog::info("stopping");
      if (nodes_) {
        nodes_->stop();
      }
      io_.stop();
    }
  });
}

}  // namespace

int runInit(const InitOptions& options) {
  // The monitor's death ends the cluster in good order; its own death, the kernel sees to.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::prctl(PR_SET_NAME, "hitless-init");
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  Init init(options);
  if (const Status started = init.start(); !started) {
    const std::string line =
        kube::json::serialize(kube::json::object{{"error", started.error().text()}}) + "\n";
    [[maybe_unused]] const auto written = ::write(options.readyFd, line.data(), line.size());
    std::fputs(line.c_str(), stderr);
    return 1;
  }
  init.run();
  // The monitor may be dead already: what is on the host goes now, from under the tmpfs.
  unmountState(options.runDir + "/state");
  std::error_code ignored;
  std::filesystem::remove_all(options.runDir, ignored);
  return 0;
}

}  // namespace hitless::app

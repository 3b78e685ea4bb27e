#include "app/up.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/cluster/addresses.h"
#include "app/cluster/deploy.h"
#include "app/cluster/launch.h"
#include "app/scenario_file.h"
#include "app/terminal.h"

namespace hitless::app {
namespace {

constexpr seconds kReadyTimeout{120};

struct UpOptions {
  std::vector<std::string> files;
  std::string name = "default";
  std::string profile = "hitless";
  int nodes = 0;  ///< 0: as the scenario says, else 1.
  std::uint16_t apiPort = 0;
  bool foreground = false;
};

Result<int> nodesFor(const UpOptions& options) {
  if (options.nodes != 0) {
    return options.nodes;
  }
  for (const std::string& path : options.files) {
    if (std::filesystem::exists(path + "/scenario.yaml")) {
      return TRY(readScenario(path)).nodes;
    }
  }
  return 1;
}

Status applyAndWait(const ClusterInfo& info, const std::vector<Manifest>& manifests) {
  if (manifests.empty()) {
    return {};
  }
  ApiSession api = TRY(ApiSession::open(info.kubeconfig));
  TRY_VOID(applyAll(api, manifests));
  for (const Manifest& manifest : manifests) {
    fmt::print("  applied {} {}\n", kube::text(manifest.object, {"kind"}),
               kube::text(manifest.object, {"metadata", "name"}));
  }
  return awaitReady(api, manifests, kReadyTimeout);
}

/// Blocks until Ctrl-C or SIGTERM.
void waitForStopSignal() {
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGINT);
  ::sigaddset(&stop, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &stop, nullptr);
  int signal = 0;
  ::sigwait(&stop, &signal);
}

Status up(const UpOptions& options) {
  LaunchOptions launchOptions;
  launchOptions.name = options.name;
  launchOptions.profile = TRY(scenario::findProfile(options.profile));
  launchOptions.nodes = TRY(nodesFor(options));
  launchOptions.apiPort = options.apiPort;
  launchOptions.attached = options.foreground;
  // Read before anything starts: a typing error costs no cluster.
  const std::vector<Manifest> manifests =
      options.files.empty() ? std::vector<Manifest>{} : TRY(readManifests(options.files));

  const auto begin = std::chrono::steady_clock::now();
  const ClusterInfo info = TRY(launch(launchOptions));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  fmt::print("cluster '{}' is up after {:.2f} s: {} node{}, profile {}, {}\n", info.name,
             took.count(), info.nodes.size(), info.nodes.size() == 1 ? "" : "s", info.profile,
             info.server);
  if (const Status applied = applyAndWait(info, manifests); !applied) {
    fmt::print("the cluster stays up for a look; hitless down ends it\n");
    return applied;
  }
  fmt::print(
      "\n  export KUBECONFIG={}\n  kubectl get pods -A -o wide\n\nhitless down{} stops it.\n",
      info.kubeconfig, info.name == "default" ? "" : " --name " + info.name);
  std::fflush(stdout);
  if (options.foreground) {
    waitForStopSignal();
    return stopCluster(info);
  }
  return {};
}

Status down(const std::string& name) {
  const RunDir dir = TRY(RunDir::of(name));
  const auto info = dir.read();
  if (!info) {
    // A cluster that died with its monitor leaves its directory; nothing else can be left.
    if (std::filesystem::exists(dir.path())) {
      dir.remove();
      fmt::print("removed what a dead cluster '{}' had left\n", name);
      return {};
    }
    return tl::unexpected<Error>(info.error());
  }
  TRY_VOID(stopCluster(*info));
  fmt::print("cluster '{}' is gone\n", name);
  return {};
}

}  // namespace

std::function<int()> addUp(CLI::App& parser) {
  auto options = std::make_shared<UpOptions>();
  parser.add_option("-f,--filename", options->files, "Manifests or folders to apply")
      ->type_name("PATH");
  parser.add_option("--nodes", options->nodes, "How many nodes")->check(CLI::Range(1, kMaxNodes));
  parser
      .add_option("--profile", options->profile, "hitless, or stock: Kubernetes' delays, no gate")
      ->capture_default_str();
  parser.add_option("--name", options->name, "Several clusters can run beside each other")
      ->capture_default_str();
  parser.add_option("--api-port", options->apiPort, "Port on 127.0.0.1 (default 6443 or any)");
  parser.add_flag("--foreground", options->foreground, "Stay until Ctrl-C, then stop the cluster");
  return [options] { return exitStatus(up(*options)); };
}

std::function<int()> addDown(CLI::App& parser) {
  auto name = std::make_shared<std::string>("default");
  parser.add_option("--name", *name, "Which cluster")->capture_default_str();
  return [name] { return exitStatus(down(*name)); };
}

std::function<int()> addKubeconfig(CLI::App& parser) {
  auto name = std::make_shared<std::string>("default");
  parser.add_option("--name", *name, "Which cluster")->capture_default_str();
  return [name] {
    const auto info = RunDir::of(*name).and_then([](const RunDir& dir) { return dir.read(); });
    if (info) {
      fmt::print("{}\n", info->kubeconfig);
    }
    return exitStatus(info.map([](const ClusterInfo&) {}));
  };
}

}  // namespace hitless::app

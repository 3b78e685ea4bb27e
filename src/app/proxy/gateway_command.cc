#include "app/proxy/gateway_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <thread>

#include "app/proxy/proxy_process.h"
#include "app/proxy/route_file.h"
#include "app/proxy/route_source.h"
#include "sys/kube/config.h"

namespace hitless::app {
namespace {

struct GatewayOptions : ProxyOptions {
  std::string kubeconfig;
  std::string routes;
  std::vector<std::string> addresses;
  bool writeStatus = true;
  proxy::routing::CompileOptions compile;
};

void take(ProxyHost& host, const std::shared_ptr<const proxy::RouteTable>& table) {
  if (const Status set = host.setTable(table); !set) {
    spdlog::error("the routes of before stay in place: {}", set.error().text());
    return;
  }
  spdlog::info("{} listeners, {} clusters", table->listeners.size(), table->clusters.size());
}

/// The API's client and what watches it, for as long as the process runs.
struct FromCluster {
  FromCluster(boost::asio::io_context& io, std::unique_ptr<sys::KubeClient> made, ProxyHost& host,
              const GatewayOptions& options)
      : client(std::move(made)),
        source(
            {io, *client, clock, rng}, {options.compile, options.addresses, options.writeStatus},
            [&host](const std::shared_ptr<const proxy::RouteTable>& table) { take(host, table); }) {
  }
  ~FromCluster() { source.stop(); }
  FromCluster(const FromCluster&) = delete;
  FromCluster& operator=(const FromCluster&) = delete;

  sys::RealClock clock;
  sys::RealRng rng;
  std::unique_ptr<sys::KubeClient> client;
  RouteSource source;
};

Result<std::shared_ptr<void>> followCluster(const GatewayOptions& options, ProxyProcess& process) {
  sys::KubeConfig config =
      TRY(sys::findKubeConfig(options.kubeconfig, sys::PodEnvironment::current()));
  auto client = TRY(sys::KubeClient::create(process.io, process.clock, std::move(config)));
  auto followed =
      std::make_shared<FromCluster>(process.io, std::move(client), process.host, options);
  followed->source.start();
  process.configured = [source = &followed->source] { return source->synced(); };
  return std::shared_ptr<void>(followed);
}

Result<std::shared_ptr<void>> readFile(const GatewayOptions& options, ProxyProcess& process) {
  proxy::routing::RouteBook book(options.compile);
  TRY_VOID(loadRouteFile(options.routes, book));
  book.update();
  for (const std::string& warning : book.warnings()) {
    spdlog::warn("{}", warning);
  }
  if (book.table()->listeners.empty()) {
    Error error;
    error.kind = ErrorKind::kInvalid;
    error.subject = options.routes;
    error.message = "it gives the gateway nothing to listen on";
    error.hint =
        "it needs a GatewayClass of controller hitless.io/gateway and a Gateway of it, or an "
        "IngressClass and an Ingress";
    return tl::unexpected(std::move(error));
  }
  TRY_VOID(process.host.setTable(book.table()));
  return std::shared_ptr<void>();
}

Status runGateway(const GatewayOptions& options) {
  return runProxy(options, true, [&](ProxyProcess& process) {
    return options.routes.empty() ? followCluster(options, process) : readFile(options, process);
  });
}

}  // namespace

std::function<int()> addProxyGateway(CLI::App& parser) {
  auto options = std::make_shared<GatewayOptions>();
  options->workers = std::max(1U, std::thread::hardware_concurrency());
  options->admin = "127.0.0.1:15000";
  declareProxy(parser, *options);
  CLI::Option* kubeconfig =
      parser.add_option("--kubeconfig", options->kubeconfig,
                        "How to reach the API server (default: as the pod's service account)");
  parser
      .add_option("--routes", options->routes,
                  "A file with Gateways, HTTPRoutes, Services, EndpointSlices ... instead of a "
                  "cluster")
      ->excludes(kubeconfig);
  parser
      .add_option("--http-port", options->compile.ingressHttpPort,
                  "Where Ingresses are served; 0: nowhere")
      ->capture_default_str();
  parser
      .add_option("--https-port", options->compile.ingressHttpsPort,
                  "Where Ingresses with tls are served; 0: nowhere")
      ->capture_default_str();
  parser
      .add_option("--controller", options->compile.controller,
                  "Whose GatewayClasses and IngressClasses are served")
      ->capture_default_str();
  parser.add_option("--cluster-domain", options->compile.clusterDomain, "For names of clusters")
      ->capture_default_str();
  parser.add_option("--address", options->addresses,
                    "Where clients reach the gateway, for statuses; may be given several times");
  parser.add_flag("!--no-status", options->writeStatus, "Write no statuses");
  return [options]() -> int {
    if (const Status status = runGateway(*options); !status) {
      fmt::print(stderr, "hitless proxy gateway: {}\n", status.error().text());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app

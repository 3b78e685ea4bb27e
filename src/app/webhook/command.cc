#include "app/webhook/command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>

#include "app/agent/dns_flags.h"
#include "app/webhook/webhook.h"
#include "sys/clock/real_clock.h"
#include "sys/kube/config.h"

namespace hitless::app {
namespace {

Status runWebhook(const WebhookOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context io(1);
  sys::RealClock clock;
  sys::RealRng rng;
  sys::KubeConfig config =
      TRY(sys::findKubeConfig(options.kubeconfig, sys::PodEnvironment::current()));
  const auto client = TRY(sys::KubeClient::create(io, clock, std::move(config)));
  Webhook webhook({io, *client, clock, rng}, options);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  std::function<void()> onSignal = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (!error) {
        onSignal();
        webhook.leave();
      }
    });
  };
  onSignal();
  TRY_VOID(webhook.start([&] {
    signals.cancel();
    io.stop();
  }));
  io.run();
  return {};
}

void declare(CLI::App& parser, WebhookOptions& options) {
  parser.add_option("--kubeconfig", options.kubeconfig,
                    "How to reach the API server (default: as the pod's service account)");
  parser.add_option("--bind-address", options.bind, "Address to listen on; :: for IPv6")
      ->capture_default_str();
  parser.add_option("--port", options.port, "Port for admission reviews (TLS)")
      ->capture_default_str();
  parser.add_option("--health-port", options.healthPort, "Port for /healthz, /readyz and /metrics")
      ->capture_default_str();
  parser.add_option("--namespace", options.ns, "Namespace of its Service and Secret")
      ->envname("POD_NAMESPACE")
      ->capture_default_str();
  parser
      .add_option("--pod-name", options.podName,
                  "Its own pod: it leaves when this is no endpoint any more")
      ->envname("POD_NAME");
  parser.add_option("--service", options.service, "Service by which API servers reach it")
      ->capture_default_str();
  parser.add_option("--secret", options.secret, "Secret that holds its keys; made if it is absent")
      ->capture_default_str();
  parser
      .add_option("--configuration", options.configuration,
                  "MutatingWebhookConfiguration whose caBundle it keeps")
      ->capture_default_str();
  parser
      .add_option("--proxy-image", options.proxyImage,
                  "Image of the proxy, for pods that ask for one")
      ->envname("HITLESS_PROXY_IMAGE")
      ->capture_default_str();
  CLI::Option* certificate = parser.add_option(
      "--tls-cert", options.certFile,
      "Certificate of somebody else (PEM); then it writes neither Secret nor caBundle");
  CLI::Option* key = parser.add_option("--tls-key", options.keyFile, "Its key (PEM)");
  certificate->needs(key);
  key->needs(certificate);
  addDuration(parser, "--certificate-lifetime", options.certificateLifetime,
              "How long its own certificates are valid (default 2160h); renewed after two thirds");
}

}  // namespace

std::function<int()> addWebhook(CLI::App& parser) {
  auto options = std::make_shared<WebhookOptions>();
  declare(parser, *options);
  return [options]() -> int {
    if (const Status status = runWebhook(*options); !status) {
      fmt::print(stderr, "hitless webhook: {}\n", status.error().text());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app

#pragma once

#include <string>

#include "base/clock.h"

namespace hitless::app {

/// What `hitless webhook` is told on its command line.
struct WebhookOptions {
  std::string kubeconfig;
  std::string bind = "0.0.0.0";
  std::uint16_t port = 9443;  ///< Answers admission reviews, over TLS.
  std::uint16_t healthPort =
      9444;                    ///< /healthz, /readyz and /metrics, for kubelets and Prometheus.
  std::string ns = "hitless";  ///< Of its Service, its Secret and its pods.
  std::string service = "hitless-webhook";
  std::string secret = "hitless-webhook-tls";
  std::string configuration = "hitless-webhook";  ///< The MutatingWebhookConfiguration.
  std::string proxyImage = "hitless";             ///< For pods that get the proxy.
  std::string podName;   ///< Its own, to see when it is no endpoint any more; empty: not awaited.
  std::string certFile;  ///< With keyFile: somebody else makes the certificates.
  std::string keyFile;
  nanoseconds certificateLifetime = std::chrono::days(90);
  /// After SIGTERM it stays until nobody has asked for this long, but not longer than drainLimit.
  nanoseconds drainQuiet = seconds(3);
  nanoseconds drainLimit = seconds(20);
};

}  // namespace hitless::app

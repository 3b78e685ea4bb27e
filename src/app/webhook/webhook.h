#pragma once

#include <memory>

#include "app/agent/front.h"
#include "app/webhook/departure.h"
#include "app/webhook/key_files.h"
#include "app/webhook/metrics.h"
#include "app/webhook/trust_publisher.h"
#include "core/webhook/review.h"
#include "sys/http/server.h"

namespace hitless::app {

/// `hitless webhook`: answers the admission reviews of API servers, so that pods of any cluster get
/// the gate. Ready when it has certificates, API servers trust them, and it knows the namespaces.
class Webhook {
 public:
  using Parts = KeyStore::Parts;

  Webhook(Parts parts, WebhookOptions options);
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;
  ~Webhook();

  /// Begins; the io_context does the rest. `over` is called at the end of leave().
  Status start(std::function<void()> over);
  /// Not ready from now on, but it answers until nobody asks any more.
  void leave();

 private:
  void useKeys(const sys::KeyPair& keys);
  Status open(const sys::KeyPair& keys);
  void askVersion();
  void answer(const sys::HttpRequest& request, sys::HttpResponder& responder);
  void addHealthRoutes();
  std::string missing() const;
  void stop();

  Parts parts_;
  WebhookOptions options_;
  WebhookMetrics metrics_;
  webhook::Namespaces namespaces_;
  unsigned minor_;  ///< Of the API server.
  bool versionKnown_ = false;
  bool leaving_ = false;
  std::function<void()> over_;
  int socket_ = -1;  ///< Listens until the door takes it over.
  std::unique_ptr<sys::HttpServer> door_;
  Front health_;
  KeyStore store_;
  sys::KeyPair next_;  ///< What the store gave last.
  KeyFiles files_;
  TrustPublisher trust_;
  Departure departure_;
  boost::asio::steady_timer versionTimer_;
  std::unique_ptr<sys::Watcher> namespaceWatch_;
};

}  // namespace hitless::app

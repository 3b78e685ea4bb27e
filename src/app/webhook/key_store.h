#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "app/webhook/options.h"
#include "sys/kube/watcher.h"
#include "sys/tls/serving_keys.h"

namespace hitless::app {

/// The webhook's keys in a Secret that all replicas share: made if it is absent, renewed in time.
/// Of several replicas that do so at once one succeeds, by resourceVersion; the others take what it
/// wrote.
class KeyStore {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sys::KubeClient& client;
    Clock& clock;
    Rng& rng;
  };
  using OnKeys = std::function<void(const sys::ServingKeys&)>;

  KeyStore(Parts parts, const WebhookOptions& options, OnKeys onKeys);
  /// `onKeys` gets the keys as soon as there are some that are good, and again when they change.
  void start();
  void stop();

 private:
  void apply(const watch::Update& update);
  void settle();
  void write(const sys::ServingKeys& keys);
  void settleAt(WallTime time);
  void settleAfter(nanoseconds pause);

  Parts parts_;
  WebhookOptions options_;
  OnKeys onKeys_;
  std::optional<sys::ServingKeys> keys_;  ///< As the Secret has them.
  std::string revision_;                  ///< Of the Secret; empty: there is none.
  bool writing_ = false;
  boost::asio::steady_timer timer_;
  std::unique_ptr<sys::Watcher> watcher_;
};

}  // namespace hitless::app

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "app/webhook/key_store.h"

namespace hitless::app {

/// Keeps the caBundle of the webhook's MutatingWebhookConfiguration: what API servers trust when
/// they ask. Puts it right again when somebody else writes the object.
class TrustPublisher {
 public:
  TrustPublisher(KeyStore::Parts parts, std::string configuration,
                 std::function<void()> onPublished);
  void publish(std::string trustPem);
  void stop();
  /// The object trusts what was last published.
  bool published() const { return published_; }

 private:
  void apply(const watch::Update& update);
  void settle();
  void send(kube::json::array patch);
  void retry();

  KeyStore::Parts parts_;
  std::string name_;
  std::function<void()> onPublished_;
  std::string bundle_;  ///< base64 of the PEM text
  kube::ObjectPtr configuration_;
  bool published_ = false;
  bool sending_ = false;
  boost::asio::steady_timer timer_;
  std::unique_ptr<sys::Watcher> watcher_;
};

}  // namespace hitless::app

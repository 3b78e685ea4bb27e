#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "app/webhook/key_store.h"

namespace hitless::app {

/// The end of a server that lets its clients go first: it stays until it is no endpoint of its
/// Service any more and nobody has asked for a while.
class Departure {
 public:
  Departure(KeyStore::Parts parts, const WebhookOptions& options);
  /// Calls `over` once, after WebhookOptions::drainLimit at the latest.
  void begin(std::function<void()> over);
  /// Somebody has asked something.
  void asked() { lastAsked_ = parts_.clock.mono(); }
  void stop();

 private:
  void apply(const watch::Update& update);
  void settle();

  KeyStore::Parts parts_;
  WebhookOptions options_;
  std::function<void()> over_;
  MonoTime limit_{};
  MonoTime lastAsked_{};
  bool synced_ = false;
  std::set<std::string> slices_;  ///< Those that still show this pod as ready.
  boost::asio::steady_timer timer_;
  std::unique_ptr<sys::Watcher> watcher_;
};

}  // namespace hitless::app

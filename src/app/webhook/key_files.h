#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "base/error.h"
#include "sys/tls/certificates.h"

namespace hitless::app {

/// A certificate and its key in files that somebody else writes (cert-manager, a Secret's volume),
/// looked at every few seconds: a mounted volume changes by swapped links, of which a watch of the
/// files learns nothing.
class KeyFiles {
 public:
  using OnKeys = std::function<void(const sys::KeyPair&)>;

  KeyFiles(boost::asio::io_context& io, std::string certFile, std::string keyFile, OnKeys onKeys)
      : timer_(io),
        certFile_(std::move(certFile)),
        keyFile_(std::move(keyFile)),
        onKeys_(std::move(onKeys)) {}
  /// Reads them now, which must succeed, and from then on; what cannot be read later is logged.
  Status start();
  void stop() { timer_.cancel(); }

 private:
  Result<sys::KeyPair> read() const;
  void lookLater();

  boost::asio::steady_timer timer_;
  std::string certFile_;
  std::string keyFile_;
  OnKeys onKeys_;
  sys::KeyPair last_;
};

}  // namespace hitless::app

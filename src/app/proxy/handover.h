#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "app/proxy/proxy_host.h"

namespace hitless::app {

/// Takes over the listening sockets of the proxy that listens at a unix socket, if there is one.
/// Clients that connect meanwhile wait in the sockets' queues and notice nothing.
class Takeover {
 public:
  /// Nobody there: without sockets. kUnavailable if somebody is there who does not hand them over.
  static Result<Takeover> from(const std::string& path);
  /// By listener's name.
  ListeningSockets take() { return std::move(sockets_); }
  /// This process accepts connections now: the one before may drain and leave.
  Status confirm();

 private:
  ListeningSockets sockets_;
  sys::Fd connection_;
};

/// Waits for a successor, hands the listening sockets over, and tells when the successor accepts.
class Handover {
 public:
  /// `succeeded` is called once.
  Handover(boost::asio::io_context& io, ProxyHost& host, std::function<void()> succeeded);
  /// Listens there, in place of whoever did.
  Status listen(const std::string& path);

 private:
  void accept();
  void give(int fd);
  void awaitConfirmation();

  ProxyHost& host_;
  std::function<void()> succeeded_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::posix::stream_descriptor successor_;
};

}  // namespace hitless::app

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sys/http/server.h"

namespace hitless::app {

/// The agent's HTTP doors: one listening socket for each address, all with the same routes. An
/// address that cannot be bound yet (a predecessor still holds it, or it is not up) is tried again.
class Front {
 public:
  /// Gets requests whose path begins with the prefix, the part after it, and the answer to give.
  using Route = std::function<void(const sys::HttpRequest&, const std::string& rest,
                                   const std::shared_ptr<sys::HttpResponder>&)>;

  Front(boost::asio::io_context& io, std::uint16_t port) : io_(io), port_(port), retry_(io) {}

  /// `prefix` ends in / if something must follow it; else the whole path must be equal to it.
  void route(std::string prefix, Route route) {
    routes_.emplace(std::move(prefix), std::move(route));
  }
  /// Begins to listen on an address; does nothing if it does already.
  void open(const std::string& address);
  void close();

 private:
  Status tryOpen(const std::string& address);
  void retrySoon();
  void serve(const sys::HttpRequest& request, const std::shared_ptr<sys::HttpResponder>& responder);

  boost::asio::io_context& io_;
  std::uint16_t port_;
  boost::asio::steady_timer retry_;
  std::map<std::string, Route> routes_;
  std::map<std::string, std::unique_ptr<sys::HttpServer>> doors_;  ///< Null: not open yet.
};

}  // namespace hitless::app
